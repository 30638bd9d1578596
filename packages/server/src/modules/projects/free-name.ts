/** Names for new projects: one that its owner has already gets a number. */

const MAX_CHARACTERS = 100;

/** Cut so that `end` fits behind it; never in the middle of a character. */
const withEnd = (name: string, end: string): string => {
  let kept = "";
  for (const character of name) {
    if (kept.length + character.length + end.length > MAX_CHARACTERS) break;
    kept += character;
  }
  return `${kept.trimEnd()}${end}`;
};

/** `Untitled`, or `Untitled 2`, `Untitled 3` …: the first that is not taken. */
export const freeName = (wanted: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const name = withEnd(wanted, ` ${number}`);
    if (!taken.has(name)) return name;
  }
};

/** What a fork is called when nobody says. */
export const copyName = (original: string): string => withEnd(original, " copy");
