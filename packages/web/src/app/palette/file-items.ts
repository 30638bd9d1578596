/** Quick open: the project's files that match the query; open files rank higher. */
import { go } from "fuzzysort";
import { type PaletteItem, plainText, textOf } from "./palette-item.ts";

const MOST_LISTED = 50;
/** Additional score of a match in an open file, and of a match in the file's name. */
const OPEN_BONUS = 0.05;
const NAME_BONUS = 0.15;

export type FoundFile = { readonly id: string; readonly path: string };

export type FileQuery = { readonly text: string; readonly line?: number; readonly column?: number };

/** `app/main.py:12:3` names a line and a column too; `:12` alone a line of the shown file. */
export const parseFileQuery = (query: string): FileQuery => {
  const {
    text = "",
    line,
    column,
  } = /^(?<text>.*?)(?::(?<line>\d*)(?::(?<column>\d*))?)?$/u.exec(query.trim())?.groups ?? {};
  const number = (digits: string | undefined) => Math.max(1, Number(digits));
  return {
    text,
    ...(line === undefined || line === "" ? {} : { line: number(line) }),
    ...(column === undefined || column === "" ? {} : { column: number(column) }),
  };
};

const nameStart = (path: string): number => path.lastIndexOf("/") + 1;

/**
 * @param open ids of open files in the order in which they are offered without a query
 * @param choose called with the chosen file's id
 */
export const fileItems = (
  { text }: FileQuery,
  { files, open, choose }: { files: readonly FoundFile[]; open: readonly string[]; choose: (id: string) => void },
): PaletteItem[] => {
  const item = (file: FoundFile, found?: Parameters<typeof textOf>[0]): PaletteItem => {
    const at = nameStart(file.path);
    return {
      id: file.id,
      path: file.path,
      label: found ? textOf(found, at) : plainText(file.path.slice(at)),
      detail: found ? textOf(found, 0, Math.max(0, at - 1)) : plainText(file.path.slice(0, Math.max(0, at - 1))),
      run: () => choose(file.id),
    };
  };
  const rank = new Map(open.map((id, index) => [id, index]));
  if (text === "") {
    const order = (id: string): number => rank.get(id) ?? open.length;
    return files
      .toSorted((a, b) => order(a.id) - order(b.id) || a.path.localeCompare(b.path))
      .slice(0, MOST_LISTED)
      .map((file) => item(file));
  }
  return go(text, files, {
    key: "path",
    limit: MOST_LISTED,
    threshold: 0.3,
    scoreFn: ({ score, obj, indexes }) => {
      const inName = indexes.length > 0 && indexes.every((index) => index >= nameStart(obj.path));
      return score === 0 ? 0 : score + (inName ? NAME_BONUS : 0) + (rank.has(obj.id) ? OPEN_BONUS : 0);
    },
  }).map((found) => item(found.obj, found));
};
