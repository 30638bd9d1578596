/** Keeps the order of input to a program: text that is typed while the clipboard is being read comes after the paste. */

export type InputOrder = {
  /** Forwards text, at once or after the pastes that were requested before it. */
  pass(text: string): void;
  /** Calls `paste` with the text when it is read; undefined pastes nothing. Several are called in the order of the requests. */
  pasteWhenRead(reading: Promise<string | undefined>, paste: (text: string) => void): Promise<void>;
};

export const createInputOrder = (onInput: (text: string) => void): InputOrder => {
  /** The text that was typed after each pending paste, in their order. */
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
        // The terminal returns the pasted text through `pass`; it belongs before the typed text.
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
