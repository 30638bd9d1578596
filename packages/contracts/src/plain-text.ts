/** The text of a terminal's output. */

// oxlint-disable-next-line no-control-regex -- escape sequences are exactly what is removed
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/gu;
// oxlint-disable-next-line no-control-regex -- the same for what is left of them
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/gu;

/** Begins only where a line begins: from every character on it would be read to the line's end again, which may be far. */
const OVERWRITTEN = /(?<![^\n])[^\n]*\r(?=[^\n])/gu;

/** The look-behind for the same reason: a run of carriage returns is read once. */
const LINE_ENDS = /(?<!\r)\r+\n/gu;

/** Removes colours and cursor moves, and keeps the last state of lines that were written over with a carriage return. */
export const plainText = (raw: string): string =>
  raw.replaceAll(ESCAPES, "").replaceAll(LINE_ENDS, "\n").replaceAll(OVERWRITTEN, "").replaceAll(CONTROLS, "");
