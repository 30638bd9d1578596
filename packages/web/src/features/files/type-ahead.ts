/** Takes what is typed after a new file got its name and before the file is there: it goes into the file. */
import "./type-ahead.css";

const INDENT = "    ";

export interface TypeAhead {
  /** What was typed so far. */
  text(): string;
  /** Whether the reader is still typing here. */
  readonly hasFocus: boolean;
  /** Resolves when no input method is in the middle of a word. */
  composed(): Promise<void>;
  remove(): void;
}

/** Covers the host, which must be positioned, with a field that has the keyboard. */
export const createTypeAhead = (host: HTMLElement, label: string): TypeAhead => {
  const field = document.createElement("textarea");
  field.className = "type-ahead early-type";
  field.spellcheck = false;
  field.setAttribute("autocapitalize", "off");
  field.setAttribute("aria-label", label);
  let isComposing = false;
  field.addEventListener("compositionstart", () => (isComposing = true));
  field.addEventListener("compositionend", () => (isComposing = false));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    document.execCommand("insertText", false, INDENT);
  });
  host.append(field);
  field.focus({ preventScroll: true });
  return {
    text: () => field.value,
    get hasFocus() {
      return document.activeElement === field;
    },
    composed: () =>
      new Promise((resolve) => {
        if (!isComposing) return resolve();
        const end = (): void => resolve();
        field.addEventListener("compositionend", end, { once: true });
        field.addEventListener("blur", end, { once: true });
      }),
    remove: () => field.remove(),
  };
};
