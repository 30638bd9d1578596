/** Passes text that comes without a key (emoji panel, dictation, a phone's suggestions) to the terminal's program. */

/** The parts of xterm that are used. */
export type KeylessTerminal = {
  readonly element: HTMLElement | undefined;
  readonly textarea: HTMLTextAreaElement | undefined;
  onData(listener: (data: string) => void): { dispose(): void };
};

/** Input types that insert text; the terminal handles pasting and composing itself. */
const TEXT_INPUTS: ReadonlySet<string> = new Set(["insertText", "insertReplacementText", "insertDictationResult"]);
const COMPOSING_KEY = 229;

/**
 * Passes on everything that the terminal sends, and text that it misses: in its screen-reader mode it accepts text from keys only. The
 * text of a key, which arrives both ways, is passed on once.
 */
export const passKeylessText = (terminal: KeylessTerminal, onInput: (text: string) => void): { dispose(): void } => {
  const { element, textarea } = terminal;
  /** What the terminal has sent for the current key. */
  let sent = "";
  /** For such a key the terminal itself compares its field before and after. */
  let isCompared = false;
  const subscription = terminal.onData((data) => {
    sent += data;
    onInput(data);
  });
  const keyDown = (event: KeyboardEvent): void => {
    sent = "";
    isCompared = event.keyCode === COMPOSING_KEY;
    // After the comparison, which the terminal does in the next task.
    if (isCompared) setTimeout(() => setTimeout(() => (isCompared = false)));
  };
  const input = (event: Event): void => {
    const { data, inputType, isComposing } = event as InputEvent;
    if (data === null || isComposing || isCompared || !TEXT_INPUTS.has(inputType)) return;
    if (sent.endsWith(data)) {
      sent = "";
      return;
    }
    onInput(data);
  };
  const abort = new AbortController();
  // Listens on the element around the field, so that the key is known before the terminal sends its text.
  element?.addEventListener("keydown", keyDown, { capture: true, signal: abort.signal });
  textarea?.addEventListener("input", input, { signal: abort.signal });
  return {
    dispose() {
      abort.abort();
      subscription.dispose();
    },
  };
};
