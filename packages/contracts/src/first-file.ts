/** Chooses the file of a project that is shown by default: the same on the server and in the page. */
import type { Entry } from "./file.ts";

const MAIN = /^(?:main|index|app)\.[^.]+$/iu;
/** A fixed locale, so that server and page agree whatever the language of the browser is. */
const alphabet = new Intl.Collator("en");

/** The shallowest file, of those `main.*`, `index.*` or `app.*`, of those the first in alphabetical order. */
export const firstFile = (entries: Iterable<Entry>): Entry | undefined => {
  const rank = ({ path }: Entry): number => {
    const segments = path.split("/");
    return segments.length * 2 - (MAIN.test(segments.at(-1) ?? "") ? 1 : 0);
  };
  return [...entries]
    .filter(({ kind }) => kind === "file")
    .toSorted((a, b) => rank(a) - rank(b) || alphabet.compare(a.path, b.path))[0];
};
