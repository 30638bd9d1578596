/** Terminal output as plain text, for the moment before the terminal is loaded and for finding links. */

// oxlint-disable-next-line no-control-regex -- escape sequences are exactly what is removed
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/gu;
// oxlint-disable-next-line no-control-regex -- the same for what is left of them
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/gu;

/** Begins only where a line begins: from every character on it would be read to the line's end again, which may be far. */
const OVERWRITTEN = /(?<![^\n])[^\n]*\r(?=[^\n])/gu;

/** Removes colours and cursor moves, and keeps the last state of lines that were written over with a carriage return. */
export const plainText = (raw: string): string =>
  raw.replaceAll(ESCAPES, "").replaceAll(/\r+\n/gu, "\n").replaceAll(OVERWRITTEN, "").replaceAll(CONTROLS, "");

/** Before the terminal is loaded no more than this is read and drawn: more would be slow. */
const PREVIEW_LENGTH = 64 * 1024;
/** A UTF-16 unit takes at most three bytes of UTF-8. */
export const PREVIEW_BYTES = 3 * PREVIEW_LENGTH;

/** The end of the output as plain text, from the beginning of a line where possible: shown until the terminal is loaded. */
export const plainPreview = (raw: string): string => {
  if (raw.length <= PREVIEW_LENGTH) return plainText(raw);
  const tail = raw.slice(-PREVIEW_LENGTH);
  return plainText(tail.slice(tail.indexOf("\n") + 1));
};
