/** Which file of a project is shown where nothing says which one: the same on the server and in the page. */
import type { Entry } from "./file.ts";

const MAIN = /^(?:main|index|app)\.[^.]+$/iu;
/** The server's order is every reader's, whatever their language. */
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
