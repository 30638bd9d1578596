/** The newest text of a project's files, whether they are open or not. All other modules read and write files through it. */
import { basename, dirname } from "node:path/posix";
import type { Entry, Project } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import type { Log } from "#kernel/log";
import type { Files, NewFile, NextBytes, ReadAllOptions, StoredFile, VersionAt, Written } from "#files";
import type { Projects } from "#projects";
import { type MergedTexts, type ProgramFile, writeMerged } from "./write-merged.ts";
import type { MergeQueue } from "../external/merge-queue.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import type { UnwrittenEdits } from "./unwritten-edits.ts";
import { zipArchive } from "./zip-archive.ts";

/** The live side of files. Every method is cheap when the file is not open. */
export interface LiveDocuments {
  /** As UnwrittenEdits.write. */
  checkpoint: UnwrittenEdits["write"];
  /** As MergeQueue.merge. */
  applyExternal: MergeQueue["merge"];
  /** Keeps the insertions and deletions of both sides, off the event loop; the CPU is accounted to the owner. @throws Overrun */
  mergeTexts(project: { readonly projectId: string; readonly ownerId: string }, texts: MergedTexts): Promise<string>;
}

/** Problems are those of the routes; reading also throws collaboration/document-unavailable instead of serving an older text. */
export interface LiveFiles {
  /** The newest text, or with `version` that version. */
  read(actor: Actor, projectId: string, at: VersionAt): Promise<StoredFile>;
  /** Every file with its newest text, or those that are chosen. @throws Problem projects/too-large above maxBytes */
  readAll(actor: Actor, projectId: string, options: ReadAllOptions): Promise<StoredFile[]>;
  /** Bytes of all newest versions; live edits that are in no version yet are not counted. */
  sizeOf(actor: Actor, projectId: string): Promise<number>;
  create(actor: Actor, projectId: string, file: NewFile): Promise<StoredFile>;
  /** Durable when it resolves; the open document merges the version afterwards. */
  write(actor: Actor, projectId: string, file: NextBytes): Promise<StoredFile>;
  /**
   * Stores a file that a program wrote: as a new file, or as the next version of the existing one. When `basedOn` is no longer the newest
   * version, or there are live edits, its change is merged into the newest text.
   * @throws Problem projects/version-conflict where both changed and one is not text
   */
  writeMerged(actor: Actor, projectId: string, file: ProgramFile): Promise<{ readonly entry: Entry }>;
  /** Writes an older version's bytes as the next version. */
  restore(
    actor: Actor,
    projectId: string,
    at: { readonly path: string; readonly version: number },
  ): Promise<StoredFile>;
  move(actor: Actor, projectId: string, paths: { readonly from: string; readonly to: string }): Promise<Entry>;
  remove(actor: Actor, projectId: string, at: { readonly path: string; readonly recursive: boolean }): Promise<void>;
  /** The caller's own copy of the project with the newest texts. @param name undefined: made from the original's */
  fork(actor: Actor, projectId: string, name: string | undefined): Promise<Project>;
  /**
   * `largestBytes`: size of the largest file; about twice as much is in memory while the archive is read.
   * @param path only this file, or this folder with all below it; undefined: the whole project
   */
  archive(
    actor: Actor,
    projectId: string,
    path?: string,
  ): Promise<{
    /** Of the project, or of the file or folder. */
    readonly name: string;
    readonly entryCount: number;
    readonly largestBytes: number;
    readonly zip: AsyncIterable<Uint8Array>;
  }>;
}

export const createLiveFiles = (needs: {
  readonly projects: Pick<Projects, "requireRole" | "getProject">;
  readonly files: Files;
  readonly documents: LiveDocuments;
  readonly log: Log;
}): LiveFiles => {
  const { projects, files, documents, log } = needs;
  // Concurrent saves of one file by one user wait here and not for the row's lock, which would take a connection each.
  const inOrder = createKeyedQueue();

  /**
   * Merges the version into the open document. The version is durable already, so the caller does not wait; when the document can't merge
   * it now, it tries again, and its next checkpoint conflicts and merges it.
   */
  const bringToDocument = async (
    { userId }: Actor,
    projectId: string,
    { entry, before }: Written,
    bytes: Uint8Array,
  ): Promise<void> => {
    const { id: fileId, version } = entry;
    try {
      await documents.applyExternal({ projectId, fileId, basedOn: before, version, bytes, userId });
    } catch (error) {
      log.warn("projects.external-change-waits", { projectId, fileId, version, error });
    }
  };

  const read: LiveFiles["read"] = async (actor, projectId, { path, version }) => {
    if (version === undefined) {
      const { id, kind } = await files.find(actor, projectId, path);
      if (kind === "file") await documents.checkpoint(projectId, id);
    }
    return files.read(actor, projectId, { path, version });
  };

  const create: LiveFiles["create"] = async (actor, projectId, file) => ({
    entry: await files.create(actor, projectId, file),
    bytes: file.bytes,
  });

  const write: LiveFiles["write"] = (actor, projectId, file) =>
    // Per user, so that nobody can delay another user's saves, least of all a user without rights in the project.
    inOrder.run(`${actor.userId}/${projectId}/${file.path}`, async () => {
      const written = await files.put(actor, projectId, file);
      if (written.changed) void bringToDocument(actor, projectId, written, file.bytes);
      return { entry: written.entry, bytes: file.bytes };
    });

  return {
    read,
    create,
    write,
    async readAll(actor, projectId, options) {
      await projects.requireRole(actor, projectId, "viewer");
      await documents.checkpoint(projectId);
      return files.readAll(actor, projectId, options);
    },
    sizeOf: async (actor, projectId) => (await projects.getProject(actor, projectId)).sizeBytes,
    async writeMerged(actor, projectId, file) {
      await projects.requireRole(actor, projectId, "editor");
      return writeMerged(file, {
        read: (path, version) => read(actor, projectId, { path, version }),
        create: (path, bytes) => files.create(actor, projectId, { path, bytes }),
        write: (next) => write(actor, projectId, next),
        async merge(texts) {
          const { owner } = await projects.getProject(actor, projectId);
          return documents.mergeTexts({ projectId, ownerId: owner.id }, texts);
        },
      });
    },
    async restore(actor, projectId, { path, version }) {
      await projects.requireRole(actor, projectId, "editor");
      const { bytes } = await files.read(actor, projectId, { path, version });
      return write(actor, projectId, { path, bytes });
    },
    move: (...given) => files.move(...given),
    remove: (...given) => files.remove(...given),
    async fork(actor, projectId, name) {
      await projects.requireRole(actor, projectId, "viewer");
      await documents.checkpoint(projectId);
      return files.forkProject(actor, projectId, name);
    },
    async archive(actor, projectId, path) {
      const project = await projects.getProject(actor, projectId);
      await documents.checkpoint(projectId);
      const { entries, contents } = await files.readInOrder(actor, projectId, path);
      const largestBytes = entries.reduce((most, { size }) => Math.max(most, size), 0);
      const zip = zipArchive(entries, contents, path === undefined ? "" : dirname(path));
      return {
        name: path === undefined ? project.name : basename(path),
        entryCount: entries.length,
        largestBytes,
        zip,
      };
    },
  };
};
