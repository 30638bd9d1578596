/** The palette's commands, of the page and of the editor: the recently used ones first, or those that match the query. */
import { go } from "fuzzysort";
import type { Command } from "../commands/command-registry.ts";
import { keyCaps } from "../commands/key-binding.ts";
import { type PaletteItem, plainText, textOf } from "./palette-item.ts";

const MOST_LISTED = 60;
export const MOST_RECENT = 6;

const nameOf = ({ group, title = "" }: Command): string => (group === undefined ? title : `${group}: ${title}`);

const itemOf = (command: Command, label: PaletteItem["label"]): PaletteItem => ({
  id: command.id,
  label,
  keys: command.keys?.[0] === undefined ? [] : keyCaps(command.keys[0]),
  run: command.run,
});

/** The order without a query: the lately used ones, newest first, then by name. */
const ordered = (commands: readonly Command[], recent: readonly string[]): Command[] => {
  const rank = ({ id }: Command): number => (recent.includes(id) ? recent.indexOf(id) : recent.length);
  return commands.toSorted((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
};

/** @param recent ids, newest first */
export const commandItems = (query: string, commands: readonly Command[], recent: readonly string[]): PaletteItem[] => {
  const wanted = query.trim();
  if (wanted === "") {
    return ordered(commands, recent).map((command) => itemOf(command, plainText(nameOf(command))));
  }
  return go(wanted, commands, { key: nameOf, limit: MOST_LISTED, threshold: 0.3 }).map((found) =>
    itemOf(found.obj, textOf(found)),
  );
};

/** The ids of lately used commands after one more was used. */
export const withRecent = (recent: readonly string[], id: string): string[] =>
  [id, ...recent.filter((other) => other !== id)].slice(0, MOST_RECENT);
