/** The rules of files at rest, and the events of their changes. SPEC.md numbers them. */
import type { Entry, Version } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import type { BlobStore, Vault } from "#platform/blobs";
import type { Bus } from "#platform/bus";
import type { Sql } from "#platform/sql";
import type { Projects, ProjectUser } from "#projects";
import type { AccountQuota } from "./account-quota.ts";
import { type ArchiveReads, createArchiveReads } from "./archive-reads.ts";
import { createContentStore } from "./content-store.ts";
import { createFileReads, type FileReads, type ReadAllOptions, type StoredFile } from "./file-reads.ts";
import { type CheckpointSave, createFileWrites, type Written } from "./file-writes.ts";
import { toNodePath } from "./node-path.ts";
import type { Templates } from "./ports.ts";
import { createImportWrites, type ImportWrites } from "./import-writes.ts";
import { createInitialFiles, type InitialFiles } from "./initial-files.ts";
import type { Replay } from "./replays.ts";
import type { TreeLimits } from "./tree-changes.ts";

/** A file that a user creates. */
export type NewFile = { readonly path: string; readonly bytes: Uint8Array; readonly replay?: Replay | undefined };
/** The next bytes of a file. */
export type NextBytes = NewFile & {
  /** The version that must be newest; undefined: any. */
  readonly expected?: number | undefined;
};
/** A version of a file. */
export type VersionAt = {
  readonly path: string;
  /** undefined: the newest */
  readonly version?: number | undefined;
};

export type FilesNeeds = {
  readonly sql: Sql;
  readonly vault: Vault;
  readonly blobs: BlobStore;
  readonly projects: Pick<Projects, "createProject" | "copyProject" | "getProject">;
  readonly templates: Templates;
  readonly limits: TreeLimits;
  readonly quota: AccountQuota;
  readonly bus: Bus;
};

/** A checkpoint that was written. */
export type SavedVersion = {
  /** The project, or its owner's account, is full: the document should accept no more text. */
  readonly isFull: boolean;
  readonly entry: Entry;
  /** False when the bytes were the newest version already. */ readonly changed: boolean;
};

/**
 * Files at rest: the newest version may be older than the text of an open document, so other modules read and write through
 * LiveFiles. Problems are those of the routes.
 */
export interface Files extends InitialFiles, ImportWrites {
  tree(actor: Actor, projectId: string): Promise<Entry[]>;
  history(actor: Actor, projectId: string, path: string): Promise<Version[]>;
  createFolder(actor: Actor, projectId: string, path: string): Promise<Entry>;
  find(actor: Actor, projectId: string, path: string): Promise<Entry>;
  read(actor: Actor, projectId: string, at: VersionAt): Promise<StoredFile>;
  /** As FileReads.readAll. */
  readAll(actor: Actor, projectId: string, options: ReadAllOptions): Promise<StoredFile[]>;
  /** As ArchiveReads.readInOrder. @param path only this file, or this folder with all below it; undefined: everything */
  readInOrder(actor: Actor, projectId: string, path?: string): ReturnType<ArchiveReads["readInOrder"]>;
  /** What a project may have. */
  readonly limits: TreeLimits;
  create(actor: Actor, projectId: string, file: NewFile): Promise<Entry>;
  put(actor: Actor, projectId: string, file: NextBytes): Promise<Written>;
  remove(actor: Actor, projectId: string, at: { readonly path: string; readonly recursive: boolean }): Promise<void>;
  move(actor: Actor, projectId: string, paths: { readonly from: string; readonly to: string }): Promise<Entry>;
  /** One file by its id, without a user: the text from which a document is seeded. undefined: no such file. */
  readStored: FileReads["readStored"];
  /** As FileReads.readPinned. */
  readPinned: FileReads["readPinned"];
  /**
   * Writes the next version of a file on behalf of its live document: durable when it resolves.
   * `basedOn` is the version the document's text includes; when the stored version is another one, nothing is
   * written and `conflict` is returned with the newest version. undefined: no such file.
   */
  saveCheckpoint(save: CheckpointSave): Promise<SavedVersion | { readonly conflict: StoredFile } | undefined>;
}

export const createFiles = (needs: FilesNeeds): Files => {
  const { sql, blobs, bus } = needs;
  const contents = createContentStore(needs);
  const reads = createFileReads({ sql, contents });
  const archive = createArchiveReads({ sql, blobs, contents });
  const writes = createFileWrites({ ...needs, contents, reads });

  const userIn = ({ userId }: Actor, projectId: string): ProjectUser => ({ userId, projectId });
  const tellChanged = (projectId: string, entries: readonly Entry[]): void => {
    if (entries.length > 0) {
      bus.publish("project-event", { projectId, event: { type: "entries-changed", entries: [...entries] } });
    }
  };

  return {
    ...createInitialFiles({ ...needs, contents }),
    ...createImportWrites({ ...needs, contents, tellChanged }),
    tree: (actor, projectId) => reads.tree(userIn(actor, projectId)),
    history: (actor, projectId, path) => reads.history(userIn(actor, projectId), toNodePath(path)),
    find: (actor, projectId, path) => reads.find(userIn(actor, projectId), toNodePath(path)),
    read: (actor, projectId, { path, version }) => reads.read(userIn(actor, projectId), toNodePath(path), version),
    readAll: (actor, projectId, options) => reads.readAll(userIn(actor, projectId), options),
    readInOrder: (actor, projectId, path) => archive.readInOrder(userIn(actor, projectId), path),
    limits: needs.limits,
    readStored: (...given) => reads.readStored(...given),
    readPinned: (...given) => reads.readPinned(...given),

    async createFolder(actor, projectId, path) {
      const { entry, made } = await writes.createFolder(userIn(actor, projectId), toNodePath(path));
      tellChanged(projectId, made);
      return entry;
    },
    async create(actor, projectId, { path, bytes, replay }) {
      const { entry, made } = await writes.create(userIn(actor, projectId), toNodePath(path), bytes, replay);
      tellChanged(projectId, made);
      return entry;
    },
    async put(actor, projectId, { path, ...write }) {
      const written = await writes.put(userIn(actor, projectId), toNodePath(path), write);
      if (written.changed) tellChanged(projectId, [written.entry]);
      return written;
    },
    async remove(actor, projectId, { path, recursive }) {
      const { ids, fileIds } = await writes.remove(userIn(actor, projectId), toNodePath(path), recursive);
      bus.publish("project-event", { projectId, event: { type: "entries-removed", ids } });
      if (fileIds.length > 0) bus.publish("files-removed", { projectId, fileIds });
    },
    async move(actor, projectId, { from, to }) {
      const { entry, changed } = await writes.move(userIn(actor, projectId), toNodePath(from), toNodePath(to));
      tellChanged(projectId, changed);
      return entry;
    },
    async saveCheckpoint(save) {
      const saved = await writes.saveCheckpoint(save);
      if (saved === undefined || "conflict" in saved) return saved;
      if (saved.changed) tellChanged(save.projectId, [saved.entry]);
      return { entry: saved.entry, changed: saved.changed, isFull: saved.isFull };
    },
  };
};
