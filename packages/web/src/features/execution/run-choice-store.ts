/** What Run starts in the open project, what it could start, and what the user has set for it. */
import type { RunConfiguration, StartExecution } from "@atelier/contracts";
import type { ComponentType } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";

/** Goes with the request of a run, in the place of what the configuration says. */
export type RunOptions = Pick<StartExecution, "args" | "env" | "stdin" | "stdinFile">;

export type RunChoice = {
  /** undefined: not known (yet). */
  readonly configurations: readonly RunConfiguration[] | undefined;
  /** What Run starts; undefined: the open file. */
  readonly current: RunConfiguration | undefined;
  /** The name of a configuration, or `OPEN_FILE`; undefined: the user has not chosen. */
  readonly chosen: string | undefined;
  /** By `keyOf`. */
  readonly options: Readonly<Record<string, RunOptions>>;
  /** The menu beside Run, once it is loaded and offers more than the one thing that Run starts. */
  readonly Menu: ComponentType | undefined;
};
export type RunChoiceStore = StoreApi<RunChoice>;

/** Chosen instead of a configuration. No configuration has an empty name. */
export const OPEN_FILE = "";

const NOTHING: RunChoice = {
  configurations: undefined,
  current: undefined,
  chosen: undefined,
  options: {},
  Menu: undefined,
};

export const createRunChoiceStore = (): RunChoiceStore => createStore(() => NOTHING);

/** For a project that is left. */
export const resetRunChoice = (store: RunChoiceStore): void => store.setState(NOTHING, true);

/** What the options belong to. */
export const keyOf = (target: { readonly name: string } | { readonly path: string }): string =>
  "name" in target ? target.name : `file:${target.path}`;

/** What is kept for the user and the project. */
export type KeptChoice = Pick<RunChoice, "chosen" | "options">;

const isTable = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const optionsFrom = (value: unknown): RunOptions | undefined => {
  if (!isTable(value)) return undefined;
  const { args, env, stdin, stdinFile } = value;
  const isText = (item: unknown): item is string => typeof item === "string";
  return {
    ...(Array.isArray(args) && args.every(isText) ? { args } : {}),
    ...(isTable(env) && Object.values(env).every(isText) ? { env: env as Record<string, string> } : {}),
    ...(isText(stdin) ? { stdin } : {}),
    ...(isText(stdinFile) && !isText(stdin) ? { stdinFile } : {}),
  };
};

/** From what the server has kept: anything else in it is left out. */
export const choiceFrom = (value: unknown): KeptChoice => {
  const { chosen, options } = isTable(value) ? value : {};
  const all = Object.entries(isTable(options) ? options : {}).flatMap(([key, given]) => {
    const found = optionsFrom(given);
    return found === undefined ? [] : [[key, found] as const];
  });
  return { chosen: typeof chosen === "string" ? chosen : undefined, options: Object.fromEntries(all) };
};

/** As it is kept: JSON has no `undefined`. Nothing, if nothing was chosen or set. */
export const keptChoice = ({ chosen, options }: RunChoice): object => {
  if (chosen === undefined && Object.keys(options).length === 0) return {};
  return { run: { ...(chosen === undefined ? {} : { chosen }), options } };
};
