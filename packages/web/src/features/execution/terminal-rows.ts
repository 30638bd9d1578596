/** Hides the terminal's unused rows from screen readers: xterm lists every row of the screen, written or not. */

/** Returns a function that stops it. */
export const hideEmptyRows = (host: HTMLElement): (() => void) => {
  const list = host.querySelector(".xterm-accessibility-tree");
  if (!list) return () => undefined;
  const hide = (): void => {
    const rows = [...list.children] as HTMLElement[];
    const isWritten = rows.map(({ textContent }) => (textContent ?? "").trim() !== "");
    // An empty line between others is part of the output.
    const last = isWritten.lastIndexOf(true);
    for (const [at, row] of rows.entries()) {
      const isHidden = at > last;
      if (isHidden !== (row.getAttribute("aria-hidden") === "true")) {
        if (isHidden) row.setAttribute("aria-hidden", "true");
        else row.removeAttribute("aria-hidden");
      }
    }
    // Screen readers announce a list without items as empty.
    if (last === -1) list.setAttribute("aria-hidden", "true");
    else list.removeAttribute("aria-hidden");
  };
  const observer = new MutationObserver(hide);
  observer.observe(list, { childList: true, subtree: true, characterData: true });
  hide();
  return () => observer.disconnect();
};
