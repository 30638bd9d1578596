/** The stored state of a document, assembled from its row, its newest snapshot and the log after it. */
import type { Snapshot } from "../snapshot/snapshots.ts";
import type { EditEntry, ExternalEntry, LogEntry, LogFacts, SeedEntry } from "../log/ports.ts";

export type UpdateEntry = SeedEntry | EditEntry | ExternalEntry;

export type StoredDocument = {
  readonly generation: number;
  /** Null: there is no generation yet, or it can't be read. */
  readonly history: History | null;
  /** True when the row has the base version of the facts. */
  readonly isNoted: boolean;
  /** True when there is a history that can't be read: a new generation has to begin. */
  readonly isDamaged: boolean;
};

/** The history of a document that can be read. */
export type History = {
  readonly facts: LogFacts;
  /** Null: the entries begin with the seed. */
  readonly snapshot: Snapshot | null;
  /** The entries with an update after the snapshot, in order. */
  readonly updates: readonly UpdateEntry[];
  /** Sequence of the newest entry of any kind; the next one has a higher number. */
  readonly lastSequence: number;
};

const hasUpdate = (entry: LogEntry): entry is UpdateEntry => entry.kind !== "checkpoint" && entry.update.byteLength > 0;

/** The newest facts, with the users who edited after they were written. @returns undefined when no entry has facts */
const newestFacts = (entries: readonly LogEntry[]): LogFacts | undefined => {
  let facts: LogFacts | undefined;
  let editorIds = new Set<string>();
  for (const entry of entries) {
    if (entry.kind !== "edit") {
      ({ facts } = entry);
      editorIds = new Set(facts.editorIds);
    } else if (entry.userId !== null) {
      editorIds.delete(entry.userId);
      editorIds.add(entry.userId);
    }
  }
  return facts === undefined ? undefined : { ...facts, editorIds: [...editorIds] };
};

/**
 * @param entries of the generation, after the snapshot
 * @returns undefined when there are no facts, or no snapshot and they don't reach back to the seed, which is the first
 */
export const readHistory = (snapshot: Snapshot | null, entries: readonly LogEntry[]): History | undefined => {
  const facts = newestFacts(entries);
  if (facts === undefined || (snapshot === null && entries[0]?.sequence !== 1)) return undefined;
  const lastSequence = Math.max(snapshot?.sequence ?? 0, entries.at(-1)?.sequence ?? 0);
  return { facts, snapshot, updates: entries.filter(hasUpdate), lastSequence };
};
