/** What projects needs from outside: live documents (collaboration answers, main wires), templates, and its tables. */
import type { Entry, GrantedRole, Member, Project, Role, ShareLink, Version, Visibility } from "@atelier/contracts";
import type { CheckpointSave, StoredFile } from "./face.ts";
import type { Place } from "./place.ts";

/** The live side of a file. Every method is cheap when the file is not open. */
export interface LiveDocuments {
  /**
   * Writes pending edits of one file (or of all files of the project) into file versions.
   * @throws Problem collaboration/document-unavailable when the edits can't be read: then nothing older is served as newest.
   */
  checkpoint(projectId: string, fileId?: string): Promise<void>;
  /**
   * Merges a version written from outside into the open document as a minimal change, computed against the text of version `basedOn`.
   * Resolves when the change is in the document's log; several versions that wait are merged as one. Does nothing when the file has no
   * document.
   */
  applyExternal(change: {
    readonly projectId: string;
    readonly fileId: string;
    readonly basedOn: number;
    readonly version: number;
    readonly bytes: Uint8Array;
    readonly userId: string;
  }): Promise<void>;
  /** Returns `current` with the change from `base` to `changed`. */
  merge(texts: { readonly base: string; readonly current: string; readonly changed: string }): string;
}

/** The files that a new project starts with. */
export interface Templates {
  /** undefined: no such template. Paths are already valid. */
  get(id: string): Promise<readonly TemplateFile[] | undefined>;
}
export type TemplateFile = { readonly path: string; readonly bytes: Uint8Array };

/** The user and the project of an operation. */
export type Asking = { readonly userId: string; readonly projectId: string };

/**
 * Projects as rows. Methods that take Asking throw Problem projects/no-such-project when the project is not visible, and
 * projects/role-too-low when the role is below what they need.
 */
export interface ProjectStore {
  /** Uses the name, with a number after it when the owner has a project of that name. */
  create(project: NewProject): Promise<Project>;
  /**
   * Makes the caller's own copy of a project that it may see: the newest version of every file, no history, no members. Named as in
   * `create`. Problems as in `create`, and projects/too-many-files.
   */
  fork(asking: Asking, project: Omit<NewProject, "files" | "ownerId">): Promise<Project>;
  /** One's own and shared projects, newest change first. */
  list(
    userId: string,
    page: { readonly cursor?: string; readonly limit: number },
  ): Promise<{ items: Project[]; nextCursor?: string }>;
  get(asking: Asking): Promise<Project>;
  update(
    asking: Asking,
    change: {
      readonly name?: string;
      readonly description?: string;
      readonly visibility?: Visibility;
      readonly keepRunFiles?: boolean;
    },
  ): Promise<Project>;
  /** Into the bin or back out of it. */
  setDeleted(asking: Asking, deleted: boolean): Promise<void>;
  roleOf(asking: Asking): Promise<Role | undefined>;
  /** The tabs and cursors that the page keeps here for one user. */
  editorState(asking: Asking, replace?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
}

export type NewProject = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly visibility: Visibility;
  readonly ownerId: string;
  readonly files: readonly TemplateFile[];
};

/** A stored link. `tokenSealed` null: it was made before tokens were stored. */
export type KeptLink = Omit<ShareLink, "token" | "url"> & { readonly tokenSealed: Buffer | null };

/** Members and share links; throws as ProjectStore. */
export interface MemberStore {
  list(asking: Asking): Promise<Member[]>;
  put(asking: Asking, userId: string, role: GrantedRole): Promise<Member>;
  remove(asking: Asking, userId: string): Promise<void>;
  /**
   * @param link.tokenHash SHA-256 of the token
   * @returns for a link that does not expire, the role's existing one if its token is stored; otherwise the new link.
   */
  createLink(
    asking: Asking,
    link: {
      readonly id: string;
      readonly role: GrantedRole;
      readonly expiresAt?: string;
      readonly tokenHash: Buffer;
      readonly tokenSealed: Buffer;
    },
  ): Promise<{ readonly link: KeptLink; readonly isNew: boolean }>;
  listLinks(asking: Asking): Promise<KeptLink[]>;
  /** Removes the link with the members who joined by it. @returns their ids */
  deleteLink(asking: Asking, id: string): Promise<string[]>;
  /** The share link by which a user is a member; undefined for others and for members added by the owner. */
  linkOf(userId: string, projectId: string): Promise<string | undefined>;
  /** Joins by a link; the project's id. @throws Problem projects/no-such-link. */
  acceptLink(userId: string, tokenHash: Buffer): Promise<string>;
}

/** Members who came in by a link that expires. */
export interface ExpiringMembers {
  /** Removes at most so many expired members. `nextInMs`: time until the next one expires; absent when there is none. */
  removeExpired(limit: number): Promise<{
    readonly removed: ReadonlyArray<{ readonly projectId: string; readonly userId: string }>;
    readonly nextInMs?: number;
  }>;
}

/** A key under which a repeated request gets the first answer. */
export type Replay = { readonly key: string; readonly requestHash: Buffer };

/** A version that was written, or found to be there: `before` is the version that was newest until then. */
export type Written = { readonly entry: Entry; readonly before: number; readonly changed: boolean };

/** Files and folders; throws as ProjectStore, and the problems of the routes. */
export interface FileStore {
  tree(asking: Asking): Promise<Entry[]>;
  /** @throws Problem projects/no-such-file */
  find(asking: Asking, place: Place): Promise<Entry>;
  read(asking: Asking, place: Place, version?: number): Promise<StoredFile>;
  history(asking: Asking, place: Place): Promise<Version[]>;
  /** Every file with its bytes. @throws Problem projects/too-large above maxBytes. */
  readAll(asking: Asking, maxBytes: number): Promise<StoredFile[]>;
  /**
   * Every entry by path, and the bytes of the files among them in the same order, one at a time, at the versions that the entries
   * name. Where they are is known when it resolves: the project may be moved to the bin meanwhile. Rights are checked again along the
   * way: a user who loses them otherwise gets no further files.
   */
  readInOrder(
    asking: Asking,
  ): Promise<{ readonly entries: readonly Entry[]; readonly contents: AsyncIterable<StoredFile> }>;
  /** The new file last, after the folders that were made for it. Replayed: `made` is empty. */
  create(
    asking: Asking,
    place: Place,
    bytes: Uint8Array,
    replay?: Replay,
  ): Promise<{ readonly entry: Entry; readonly made: readonly Entry[] }>;
  createFolder(asking: Asking, place: Place): Promise<{ readonly entry: Entry; readonly made: readonly Entry[] }>;
  /** @param expected the version that must be newest; undefined: any */
  put(
    asking: Asking,
    place: Place,
    write: { readonly bytes: Uint8Array; readonly expected?: number; readonly replay?: Replay },
  ): Promise<Written>;
  /** Ids of what is gone: the node and all below it. */
  remove(
    asking: Asking,
    place: Place,
    recursive: boolean,
  ): Promise<{ readonly ids: string[]; readonly fileIds: string[] }>;
  /** The moved node, and everything whose entry changed (folders made for it included). */
  move(asking: Asking, from: Place, to: Place): Promise<{ readonly entry: Entry; readonly changed: readonly Entry[] }>;
  /** Without anybody asking: what a document is seeded from. */
  readStored(
    projectId: string,
    fileId: string,
    version?: number,
  ): Promise<(StoredFile & { readonly ownerId: string }) | undefined>;
  /** Without anybody asking: a document's text as the next version. undefined: no such file. */
  saveCheckpoint(
    save: CheckpointSave,
  ): Promise<(Written & { readonly isFull: boolean }) | { readonly conflict: StoredFile } | undefined>;
}

/** Bodies that were committed with their metadata and wait to be moved. */
export interface StagedBlobs {
  oldest(limit: number): Promise<Array<{ readonly storageKey: string; readonly sealed: Uint8Array }>>;
  remove(storageKeys: readonly string[]): Promise<void>;
}

/** A file in the order in which retention goes through all of them. */
export type FileCursor = { readonly projectId: string; readonly fileId: string };
export type FileVersions = FileCursor & {
  readonly versions: readonly { readonly version: number; readonly atMs: number }[];
};

/** Removing what has had its time, over all projects. Every method is one short transaction, and doing it twice does no harm. */
export interface Retention {
  deleteReplays(before: Date, limit: number): Promise<number>;
  /** Files and folders that were deleted before, with their versions. */
  deleteBinnedNodes(before: Date, limit: number): Promise<number>;
  /** What is in projects that were deleted before, and in the end the projects. A begun one can't be taken out of the bin. */
  deleteBinnedProjects(before: Date, limit: number): Promise<number>;
  /** Files with several versions, and of them the versions made before. `next` undefined: those were the last. */
  filesWithVersions(
    before: Date,
    page: { readonly after: FileCursor | undefined; readonly limit: number },
  ): Promise<{ readonly files: FileVersions[]; readonly next: FileCursor | undefined }>;
  /** Leaves the newest version, and what a live document or an execution refers to. @returns how many are gone */
  deleteVersions(versions: readonly (FileCursor & { readonly version: number })[]): Promise<number>;
  /** Deletes expired notes of versions that executions refer to. */
  deleteVersionUses(before: Date, limit: number): Promise<number>;
  /**
   * Looks at content whose last known version was removed before, and removes what no version refers to, also none that is
   * being saved right now. @returns the keys whose blobs may go
   */
  deleteUnusedContent(
    before: Date,
    limit: number,
  ): Promise<{ readonly looked: number; readonly storageKeys: string[] }>;
  /** Those of the keys under which content is known. */
  knownStorageKeys(storageKeys: readonly string[]): Promise<ReadonlySet<string>>;
}
