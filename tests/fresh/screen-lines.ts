/** Reads what a program wrote to a terminal as the lines that are visible in the end. */

/** Output of a terminal with its times, in ms since the start. */
export type Shown = { readonly atMs: number; readonly text: string };

/** The permanent lines, each with the time of its last change. Handles the sequences that progress.mjs writes. */
export const linesOf = (shown: readonly Shown[]): Shown[] => {
  const lines: { atMs: number; text: string }[] = [{ atMs: 0, text: "" }];
  let row = 0;
  let column = 0;
  for (const { atMs, text } of shown) {
    // Handles cursor up and erasing of lines and screen; ignores colours and other sequences.
    // oxlint-disable-next-line no-control-regex
    for (const [token] of text.matchAll(/\u001B\[[0-9;?]*[A-Za-z]|[\r\n]|[^\u001B\r\n]+/gu)) {
      const line = (lines[row] ??= { atMs, text: "" });
      if (token === "\r") column = 0;
      else if (token === "\n") {
        row++;
        column = 0;
      } else if (token.startsWith("\u001B")) {
        if (token.endsWith("A")) row = Math.max(0, row - Number(token.slice(2, -1) || 1));
        else if (token.endsWith("K")) line.text = token === "\u001B[2K" ? "" : line.text.slice(0, column);
        else if (token.endsWith("J")) {
          line.text = line.text.slice(0, column);
          lines.splice(row + 1);
        }
      } else {
        line.text = line.text.slice(0, column).padEnd(column) + token + line.text.slice(column + token.length);
        line.atMs = atMs;
        column += token.length;
      }
    }
  }
  return lines;
};
