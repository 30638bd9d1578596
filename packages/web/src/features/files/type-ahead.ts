/** Collects what is typed after a new file was named and before the file exists: it is inserted into the file. */
import "./type-ahead.css";

const INDENT = "    ";

export interface TypeAhead {
  /** The text typed so far. */
  text(): string;
  /** Whether the field still has the focus. */
  readonly hasFocus: boolean;
  /** Resolves when no input method is composing. */
  composed(): Promise<void>;
  remove(): void;
}

/** Covers the host, which must be positioned, with a field that has the focus. */
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
