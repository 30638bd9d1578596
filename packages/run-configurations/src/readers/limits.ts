/** Bounds on what is read of a project: manifests are hostile input, and inference runs in the server's process. */

/** Larger manifests are not read. */
export const MAX_MANIFEST_BYTES = 262_144;
/** Larger sources are not searched for an entry point. */
export const MAX_SOURCE_BYTES = 65_536;
/** Bytes of all files together that inference asks for. */
export const MAX_TOTAL_BYTES = 2_097_152;
/** The YAML parser takes quadratic time for keys, anchors and errors. */
export const MAX_YAML_BYTES = 16_384;
export const MAX_MANIFESTS = 40;
export const MAX_SOURCES = 300;
/** Folders between the project's folder and a manifest. */
export const MAX_FOLDERS = 4;
/** Paths that inference looks at. */
export const MAX_PATHS = 20_000;
export const MAX_CONFIGURATIONS = 100;
/** Texts of one table of a manifest. */
export const MAX_TABLE_TEXTS = 2_000;
/** Brackets within brackets: parsers are recursive. */
const MAX_NESTING = 100;
const [LINE_FEED, QUOTE, BACKSLASH] = [0x0a, 0x22, 0x5c];

/**
 * True when brackets nest so deep that a recursive parser could exhaust the stack. Brackets between double quotes on one line do not count:
 * closing ones there would hide opening ones elsewhere.
 */
export const isTooNested = (text: string): boolean => {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED) isQuoted = false;
    else if (code === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted) at += code === BACKSLASH ? 1 : 0;
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
    if (depth > MAX_NESTING) return true;
  }
  return false;
};
