/** All commands of the page: features register them; keys, the palette, menus and buttons look them up here. */
import { type KeyPress, matchesKeys } from "./key-binding.ts";

export type Command = {
  /** `files.new`: the feature, a dot, and what it does. */
  readonly id: string;
  /** The text in the palette, beginning with a verb. Undefined: the command has a key and is not listed. */
  readonly title?: string;
  /** In front of the title in the palette: `View: Show files`. */
  readonly group?: string;
  /** `Mod+Shift+P`; the first one is shown. While the command is not enabled, its keys are left to the browser. */
  readonly keys?: readonly string[];
  /** A program that reads the keyboard in the console does not get these keys. */
  readonly overProgram?: boolean;
  /** Held down, the key acts again and again. */
  readonly repeats?: boolean;
  /** Whether the command is enabled; always, if absent. Called at each key and each time the palette opens. */
  readonly when?: () => boolean;
  readonly run: () => void;
};

export interface CommandRegistry {
  /** @returns a function that removes them. @throws Error when an id is taken */
  register(commands: readonly Command[]): () => void;
  /** The enabled commands with a title, in the order of registration. */
  listed(): readonly Command[];
  /** The first enabled command of a key. */
  forKey(event: KeyPress): Command | undefined;
  get(id: string): Command | undefined;
  /** Runs a command; false when there is no such one, or when it is not enabled. */
  run(id: string): boolean;
}

const isEnabled = ({ when }: Command): boolean => when?.() ?? true;

export const createCommandRegistry = (): CommandRegistry => {
  const commands = new Map<string, Command>();
  return {
    register: (added) => {
      for (const { id } of added) if (commands.has(id)) throw new Error(`two commands are called ${id}`);
      for (const command of added) commands.set(command.id, command);
      return () => {
        for (const { id } of added) commands.delete(id);
      };
    },
    listed: () => [...commands.values()].filter((command) => command.title !== undefined && isEnabled(command)),
    forKey: (event) => {
      for (const command of commands.values()) {
        if (command.keys?.some((keys) => matchesKeys(keys, event)) && isEnabled(command)) return command;
      }
      return undefined;
    },
    get: (id) => commands.get(id),
    run: (id) => {
      const command = commands.get(id);
      if (!command || !isEnabled(command)) return false;
      command.run();
      return true;
    },
  };
};
