/** The report of an import in words. */
import type { ImportReport } from "@atelier/contracts";

const count = (number: number, one: string, many = `${one}s`): string =>
  number === 1 ? `1 ${one}` : `${number.toLocaleString("en")} ${many}`;

/** @param what the archive's or the folder's name */
export const importText = (what: string, report: ImportReport): string => {
  const { imported, updated, folders, strippedFolder, skippedCount } = report;
  const sentences = [`${what}: ${count(imported, "file")} came in.`];
  if (updated > 0) sentences.push(`${count(updated, "existing file")} got a new version.`);
  if (imported === 0 && folders > 0) sentences.push(`${count(folders, "empty folder")}.`);
  if (strippedFolder !== null) sentences.push(`The folder ${strippedFolder} around them was left away.`);
  if (skippedCount > 0) sentences.push(`${count(skippedCount, "entry", "entries")} skipped.`);
  return sentences.join(" ");
};

/** A line for each skipped entry that the report lists. */
export const skippedLines = ({ skipped, skippedCount }: ImportReport): string[] => {
  const lines = skipped.map(({ path, detail }) => `${path}: ${detail}`);
  const more = skippedCount - skipped.length;
  return more > 0 && skipped.length >= 1000 ? [...lines, `… and more`] : lines;
};

export const progressText = (what: string, sent: number): string =>
  sent < 1 ? `${what}: sending, ${Math.floor(sent * 100)} %` : `${what}: unpacking…`;
