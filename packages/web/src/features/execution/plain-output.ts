/** Terminal output as plain text, for the moment before the terminal is loaded and for finding links. */

import { plainText } from "@atelier/contracts";

export { plainText };

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
