/** The page's copy of the project's files and folders, which events update. */
import type { Entry } from "@atelier/contracts";

export type Entries = ReadonlyMap<string, Entry>;

export const entriesFrom = (list: readonly Entry[]): Entries => new Map(list.map((entry) => [entry.id, entry]));

/** The last segment of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
/** The folder a path is in; empty for the project's root. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const joinPath = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);
export const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

const moveBelow = (entries: Map<string, Entry>, from: string, to: string): void => {
  for (const [id, entry] of entries) {
    if (isBelow(entry.path, from)) entries.set(id, { ...entry, path: to + entry.path.slice(from.length) });
  }
};

/** Adds changed or new entries. The entries below a moved folder move too, because the server changes only the folder's row. */
export const withChanged = (entries: Entries, changed: readonly Entry[]): Entries => {
  const next = new Map(entries);
  for (const entry of changed) {
    const before = next.get(entry.id);
    next.set(entry.id, entry);
    if (before?.kind === "folder" && before.path !== entry.path) moveBelow(next, before.path, entry.path);
  }
  return next;
};

/** Drops entries, and whatever was below a dropped folder. */
export const withoutRemoved = (entries: Entries, ids: readonly string[]): Entries => {
  const next = new Map(entries);
  for (const id of ids) {
    const gone = next.get(id);
    next.delete(id);
    if (gone?.kind !== "folder") continue;
    for (const [otherId, other] of next) {
      if (isBelow(other.path, gone.path)) next.delete(otherId);
    }
  }
  return next;
};

/** Whether two entries are displayed the same; a different time alone needs no new rendering. */
const isSame = (a: Entry, b: Entry): boolean =>
  a.path === b.path && a.kind === b.kind && a.version === b.version && a.hash === b.hash;

/**
 * The tree of a response, with the local changes since the request, which may be newer than the response; an older event is followed by a
 * newer one. Unchanged entries keep their identity.
 */
export const withRead = (read: readonly Entry[], { before, now }: { before: Entries; now: Entries }): Entries => {
  const next = new Map<string, Entry>();
  for (const entry of read) {
    const known = now.get(entry.id);
    const isGone = !known && before.has(entry.id);
    if (!isGone) next.set(entry.id, known && isSame(known, entry) ? known : entry);
  }
  for (const [id, entry] of now) if (before.get(id) !== entry) next.set(id, entry);
  return next;
};

export const entryAt = (entries: Entries, path: string): Entry | undefined => {
  for (const entry of entries.values()) {
    if (entry.path === path) return entry;
  }
  return undefined;
};

export const filesOf = (entries: Entries): Entry[] => [...entries.values()].filter((entry) => entry.kind === "file");
