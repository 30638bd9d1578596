/** Text that comes without a key (emoji panel, dictation, a phone's suggestions) for the terminal's program. */

/** What is needed of xterm. */
export type KeylessTerminal = {
  readonly element: HTMLElement | undefined;
  readonly textarea: HTMLTextAreaElement | undefined;
  onData(listener: (data: string) => void): { dispose(): void };
};

/** What brings text of its own; pasting and composing are handled by the terminal. */
const TEXT_INPUTS: ReadonlySet<string> = new Set(["insertText", "insertReplacementText", "insertDictationResult"]);
const COMPOSING_KEY = 229;

/**
 * Passes everything on that the terminal hears, and the text it leaves out: in its screen-reader mode it takes text from
 * keys only. A key's own text, which arrives both ways, is passed on once.
 */
export const passKeylessText = (terminal: KeylessTerminal, onInput: (text: string) => void): { dispose(): void } => {
  const { element, textarea } = terminal;
  /** What the terminal has sent for the key that is going on. */
  let sent = "";
  /** The terminal compares its field before and after such a key by itself. */
  let isCompared = false;
  const subscription = terminal.onData((data) => {
    sent += data;
    onInput(data);
  });
  const keyDown = (event: KeyboardEvent): void => {
    sent = "";
    isCompared = event.keyCode === COMPOSING_KEY;
    // After the comparison, which the terminal puts off to the next task.
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
  // Around the field, so that the key is known before the terminal sends what it means.
  element?.addEventListener("keydown", keyDown, { capture: true, signal: abort.signal });
  textarea?.addEventListener("input", input, { signal: abort.signal });
  return {
    dispose() {
      abort.abort();
      subscription.dispose();
    },
  };
};
