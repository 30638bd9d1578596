/** Names for new projects: a number is appended to a name that the owner uses already. */

const MAX_CHARACTERS = 100;

/** Shortens the name so that `end` fits after it; never cuts a character. */
const withEnd = (name: string, end: string): string => {
  let kept = "";
  for (const character of name) {
    if (kept.length + character.length + end.length > MAX_CHARACTERS) break;
    kept += character;
  }
  return `${kept.trimEnd()}${end}`;
};

/** The first free one of `Untitled`, `Untitled 2`, `Untitled 3` … */
export const freeName = (wanted: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const name = withEnd(wanted, ` ${number}`);
    if (!taken.has(name)) return name;
  }
};

/** The name of a copy when the request has none. */
export const copyName = (original: string): string => withEnd(original, " copy");
