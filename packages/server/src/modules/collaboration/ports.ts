/** What live documents keep: one row each, a log of updates, snapshots. Adapters decide where. */
import type { TextFormat } from "./materialise/text-format.ts";

export type DocumentRef = { readonly projectId: string; readonly fileId: string };

/** Who may write a document: a generation under the fence of its present owner. */
export type Ownership = { readonly ref: DocumentRef; readonly generation: number; readonly fence: bigint };

export type DocumentRow = {
  readonly generation: number;
  /** The file version that the text includes. */
  readonly baseVersion: number;
  /** Updates up to this one are in that version. */
  readonly checkpointedSequence: number;
  readonly format: TextFormat;
  /** A checkpoint that was under way: it may or may not have become a version. */
  readonly saving: { readonly sequence: number; readonly hash: string } | null;
};

export type LoggedUpdate = { readonly sequence: number; readonly update: Uint8Array };

export type Snapshot = { readonly sequence: number; readonly state: Uint8Array; readonly stateVector: Uint8Array };

export type StoredDocument = {
  readonly row: DocumentRow;
  /** Null: replay from the beginning. */
  readonly snapshot: Snapshot | null;
  /** Newer than the snapshot, in order, without those of replaced owners. */
  readonly tail: readonly LoggedUpdate[];
  /** Who edited since the last checkpoint, in the order of their last edit. */
  readonly editorIds: readonly string[];
};

export type LogEntry = {
  readonly owner: Ownership;
  readonly sequence: number;
  readonly update: Uint8Array;
  readonly userId: string | null;
  readonly clientId: number | null;
};

/** Thrown when somebody else owns the document by now. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}

export interface DocumentStore {
  /** Takes the document over under a newer fence and reads it. undefined: there is none yet. @throws Fenced */
  takeOver(ref: DocumentRef, fence: bigint): Promise<StoredDocument | undefined>;
  /** Makes the document, or its next generation, with its seed as the first logged update. @throws Fenced */
  create(
    owner: Ownership,
    seed: { readonly update: Uint8Array; readonly baseVersion: number; readonly format: TextFormat },
  ): Promise<void>;
  /** Ends a generation: the next `create` starts afresh. @throws Fenced */
  retire(owner: Ownership, baseVersion: number): Promise<void>;
  /** Durable when it resolves; appending an entry again does nothing. @returns the owners that were refused. */
  append(entries: readonly LogEntry[]): Promise<Ownership[]>;
  /** Logs a write from outside together with the version that the document now includes. @throws Fenced */
  appendExternal(
    entry: LogEntry | undefined,
    owner: Ownership,
    now: Pick<DocumentRow, "baseVersion" | "checkpointedSequence" | "format">,
  ): Promise<void>;
  /** Notes how far the document is checkpointed, and which checkpoint is about to be saved. @throws Fenced */
  noteCheckpoint(
    owner: Ownership,
    now: Pick<DocumentRow, "baseVersion" | "checkpointedSequence" | "saving">,
  ): Promise<void>;
  /**
   * Stores a snapshot; the newest two are kept.
   * @param loggedBytes bytes of the updates logged since the last snapshot, to be counted for the document
   * @throws Fenced
   */
  saveSnapshot(owner: Ownership, snapshot: Snapshot, loggedBytes: number): Promise<void>;
  /** Removes the document's updates that its snapshots and a version hold, except for the newest `mostBytes`. */
  trimLog(ref: DocumentRef, mostBytes: number): Promise<void>;
  /** Documents with logged updates beyond their last checkpoint, or with a checkpoint of unknown outcome. */
  listUncheckpointed(projectId?: string): Promise<DocumentRef[]>;
}

/** Removing what of logs and snapshots is of no use any more. Doing it twice does no harm. */
export interface LogRetention {
  /**
   * Of the next `documents`: updates that an older generation made, or that both kept snapshots and a file version hold, when
   * they are older than `before` or when newer ones have more than `mostBytes` already. At most `limit` of them.
   */
  trim(pass: {
    readonly before: Date;
    readonly mostBytes: number;
    readonly after: DocumentRef | undefined;
    readonly documents: number;
    readonly limit: number;
  }): Promise<{
    readonly removed: number;
    /** Where to go on. */
    readonly next: DocumentRef | undefined;
    /** True when that were the last documents. */
    readonly isWhole: boolean;
  }>;
  /** What documents left that went with their files; at most `limit` updates. */
  removeRemains(limit: number): Promise<{ readonly removed: number; readonly more: boolean }>;
}
