/** What keys mean in the console before they are the program's: copy, paste, find, and keys that are the page's own. */

/** `program`: the terminal sends it. `browser`: the browser's own meaning, such as paste. `page`: the page listens for it. */
export type KeyMeaning = "program" | "browser" | "page" | "copy" | "find";

export type TerminalKey = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

export type KeyContext = {
  /** Something is selected in the console. */
  readonly hasSelection: boolean;
  /** A program runs that the reader may answer. */
  readonly isActive: boolean;
  readonly isApple: boolean;
  readonly isPageKey: boolean;
};

/** Ctrl+C copies a selection and interrupts without one; on a Mac, where Cmd+C copies, it always interrupts. */
export const keyMeaning = (
  event: TerminalKey,
  { hasSelection, isActive, isApple, isPageKey }: KeyContext,
): KeyMeaning => {
  const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
  if (isPageKey) return "page";
  // Nobody is shut in: Tab leaves where no program takes it, Shift+Tab always does.
  if (key === "Tab" && (shiftKey || !isActive)) return "browser";
  const command = isApple ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (altKey || !command) {
    const isInsert = key === "Insert" && (ctrlKey || shiftKey) && !altKey;
    if (!isInsert) return "program";
    return ctrlKey ? "copy" : "browser";
  }
  switch (key.toLowerCase()) {
    case "c":
      return shiftKey || isApple || hasSelection ? "copy" : "program";
    case "v":
      return "browser";
    case "f":
      return "find";
    case "insert":
      return "copy";
    default:
      return isActive || isApple ? "program" : "browser";
  }
};
