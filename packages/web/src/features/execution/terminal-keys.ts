/** Decides which keys in the console are handled by the page (copy, paste, find) and which are sent to the program. */

/** `program`: the terminal sends it. `browser`: the browser handles it, such as paste. `page`: the page handles it. */
export type KeyMeaning = "program" | "browser" | "page" | "copy" | "find";

export type TerminalKey = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

export type KeyContext = {
  /** Whether something is selected in the console. */
  readonly hasSelection: boolean;
  /** Whether a program runs that the user may type to. */
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
  // No keyboard trap: Tab leaves the console when no program reads it, Shift+Tab always does.
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
