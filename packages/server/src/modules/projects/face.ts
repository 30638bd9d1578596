/** The port of projects for collaboration and execution. */
import type { Actor } from "#kernel/actor";
import type { Entry, Role } from "@atelier/contracts";

/** A file's newest (or asked) version with its bytes. */
export type StoredFile = { readonly entry: Entry; readonly bytes: Uint8Array };

/** A checkpoint that was written. */
export type SavedVersion = {
  /** The project, or its owner's account, is full: no more text should be taken. */
  readonly isFull: boolean;
  readonly entry: Entry;
  /** False when the bytes were the newest version already. */ readonly changed: boolean;
};

/** The port of projects for collaboration and execution. */
export interface Projects {
  /** The caller's role. @throws Problem projects/no-such-project when not visible, projects/role-too-low when below `atLeast`. */
  requireRole(actor: Actor, projectId: string, atLeast: Role): Promise<Role>;
  /** Like requireRole, but for a user id at a later time (re-checking an open socket); undefined: no rights (any more). */
  roleOf(userId: string, projectId: string): Promise<Role | undefined>;
  /** One file at rest by its id, without asking for live edits: what a document is seeded from. undefined: no such file. */
  readStored(
    projectId: string,
    fileId: string,
    version?: number,
  ): Promise<(StoredFile & { readonly ownerId: string }) | undefined>;
  /** Every file with its bytes, pending live edits checkpointed first. @throws Problem as requireRole; projects/too-large above maxBytes. */
  readAll(actor: Actor, projectId: string, options: { readonly maxBytes: number }): Promise<StoredFile[]>;
  /**
   * Stores a file that a program wrote: as a new file, or as the next version of the existing one. When `basedOn` is no longer the newest
   * version, or there are live edits, its change is merged into the newest text.
   * @throws Problem as requireRole and the routes of files; projects/version-conflict where both changed and one is not text
   */
  keepFile(
    actor: Actor,
    projectId: string,
    file: { readonly path: string; readonly bytes: Uint8Array; readonly basedOn: number | undefined },
  ): Promise<{ readonly entry: Entry }>;
  /**
   * Writes the next version of a file on behalf of its live document: durable when it resolves.
   * `basedOn` is the version the document's text includes; when the stored version is another one, nothing is
   * written and `conflict` is returned with the newest version.
   */
  saveCheckpoint(save: CheckpointSave): Promise<SavedVersion | { readonly conflict: StoredFile } | undefined>;
}

export type CheckpointSave = {
  readonly projectId: string;
  readonly fileId: string;
  readonly bytes: Uint8Array;
  readonly basedOn: number;
  /** Who typed since the last checkpoint; the last one is the version's author. */
  readonly editorIds: readonly string[];
};
