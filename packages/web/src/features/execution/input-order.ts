/** Keeps the order of what a reader gives to a program: what is typed while a paste is being read comes after it. */

export type InputOrder = {
  /** Passes text on, at once or after the pastes that were asked for before it. */
  pass(text: string): void;
  /** Runs `paste` with the text as soon as it is read; undefined pastes nothing. Several run in the order asked for. */
  pasteWhenRead(reading: Promise<string | undefined>, paste: (text: string) => void): Promise<void>;
};

export const createInputOrder = (onInput: (text: string) => void): InputOrder => {
  /** What was typed behind each paste that is being read, in their order. */
  const waiting: string[][] = [];
  let last: Promise<void> = Promise.resolve();
  return {
    pass(text) {
      const behind = waiting.at(-1);
      if (behind) behind.push(text);
      else onInput(text);
    },
    pasteWhenRead(reading, paste) {
      const typed: string[] = [];
      waiting.push(typed);
      const before = last;
      const run = async (): Promise<void> => {
        const [text] = await Promise.all([reading.catch(() => undefined), before]);
        // What the terminal makes of the paste comes back through `pass`, and belongs in front.
        const later = waiting.splice(0);
        if (text !== undefined) paste(text);
        for (const part of typed) onInput(part);
        waiting.push(...later.slice(1));
      };
      last = run();
      return last;
    },
  };
};
