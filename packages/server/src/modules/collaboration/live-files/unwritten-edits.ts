/** Writes edits that are in no file version, before a file is read: of open documents, and of those that were dropped with such edits. */
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { HomeTaken } from "#platform/homes";
import type { Checkpointing } from "../checkpoint/checkpointing.ts";
import type { DocumentsElsewhere } from "../document/documents-elsewhere.ts";
import { documentUnavailable } from "../document/document-unavailable.ts";
import type { DocumentRegistry } from "../document/registry.ts";
import { Overrun } from "../materialise/materialiser.ts";
import type { DocumentRef } from "../document/document-ref.ts";
import type { DocumentStorage } from "../document/document-storage.ts";

export type UnwrittenEditsParts = {
  readonly storage: Pick<DocumentStorage, "listUncheckpointed">;
  readonly registry: DocumentRegistry;
  readonly checkpointing: Checkpointing;
  /** True: other nodes may drop documents with unwritten edits at any time, so every reading looks them up. */
  readonly areHomesShared: boolean;
  readonly elsewhere: Pick<DocumentsElsewhere, "write">;
  readonly log: Log;
};

/** Limit on projects whose closed documents are known to be in their versions. */
const MAX_REMEMBERED = 10_000;
/** A document that is dropped from memory this often while it should be written makes the reading fail. */
const MAX_OPENINGS = 3;
/** Documents written at once when a whole project is read. */
const CHECKPOINTS_AT_ONCE = 8;

/** Calls `work` for each item, `atOnce` at a time. @throws the first error, after all started calls have ended */
const eachAtOnce = async <T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items];
  const faults: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && faults.length === 0; item = waiting.shift())
      await work(item).catch((error: unknown) => void faults.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  if (faults.length > 0) throw faults[0];
};

export type UnwrittenEdits = {
  /**
   * Writes pending edits of one file (or of all files of the project) into file versions.
   * @throws Problem collaboration/document-unavailable when the edits can't be read: then nothing older is served as newest.
   */
  write(projectId: string, fileId?: string): Promise<void>;
  /** Called when a document was dropped from memory with edits in no version. */
  dropped(ref: DocumentRef): void;
  /** Writes the edits of a document that is open here, for another node. @throws Problem */
  writeOpen(ref: DocumentRef): Promise<void>;
  /** Writes the edits that are in no version after a crash, one document after the other. */
  sweep(signal: AbortSignal): Promise<void>;
};

export const createUnwrittenEdits = (parts: UnwrittenEditsParts): UnwrittenEdits => {
  const { storage, registry, checkpointing, log } = parts;
  /** By project, after the look-up: documents that an earlier process left with edits in no version. */
  const left = new Map<string, Set<string>>();
  let isAllLooked = false;
  /** By project: documents that left memory here with edits in no version. Each stays until it is written. */
  const dropped = new Map<string, Set<string>>();

  const forget = ({ projectId, fileId }: DocumentRef): void => {
    const fileIds = dropped.get(projectId);
    fileIds?.delete(fileId);
    if (fileIds?.size === 0) dropped.delete(projectId);
  };

  const checkpointOne = async (ref: DocumentRef): Promise<void> => {
    for (let opened = 0; opened < MAX_OPENINGS; opened += 1) {
      const reference = await registry.acquire(ref);
      if (reference === undefined) return forget(ref);
      try {
        await checkpointing.checkpoint(reference.document);
        // If it left memory meanwhile, it may again have edits in no version.
        if (!reference.document.isGone) return forget(ref);
      } finally {
        reference.release();
      }
    }
    throw new Problem("collaboration/document-unavailable", undefined, { retryAfterSeconds: 1 });
  };

  const writeDropped = async (projectId: string, fileId: string | undefined): Promise<void> => {
    for (const found of dropped.get(projectId) ?? [])
      if (fileId === undefined || found === fileId) await checkpointOne({ projectId, fileId: found });
  };

  /** Writes a document's edits into a version where it is open, here if it is open nowhere. @throws Problem */
  const checkpointAnywhere = async (ref: DocumentRef): Promise<void> => {
    try {
      await checkpointOne(ref);
    } catch (error) {
      if (!(error instanceof HomeTaken) || error.where.at !== "node") throw error;
      await parts.elsewhere.write(error.where.node, ref);
    }
  };

  /** Writes edits that the log has and no version, of documents that are not open here. @throws Problem */
  const writeLeft = async (projectId: string, fileId: string | undefined): Promise<void> => {
    const unwritten = (await storage.listUncheckpointed(projectId)).filter(
      (ref) => (fileId === undefined || fileId === ref.fileId) && registry.document(ref) === undefined,
    );
    await eachAtOnce(unwritten, CHECKPOINTS_AT_ONCE, checkpointAnywhere);
  };

  /** Documents of an earlier process are looked up once per project; one that can't be read delays no other file. */
  const recover = async (projectId: string, fileId: string | undefined): Promise<void> => {
    if (parts.areHomesShared) return writeLeft(projectId, fileId);
    if (isAllLooked) return;
    let fileIds = left.get(projectId);
    if (fileIds === undefined) {
      fileIds = new Set((await storage.listUncheckpointed(projectId)).map((ref) => ref.fileId));
      if (left.size >= MAX_REMEMBERED) left.clear();
      left.set(projectId, fileIds);
    }
    for (const found of fileIds) {
      if (fileId !== undefined && found !== fileId) continue;
      await checkpointOne({ projectId, fileId: found });
      fileIds.delete(found);
    }
  };

  return {
    async write(projectId, fileId) {
      try {
        await recover(projectId, fileId);
        if (fileId !== undefined) {
          const reference = await registry.acquireOpen({ projectId, fileId });
          try {
            // A version that is still to be merged does not make the answer outdated: the file's newest version is that one already.
            if (reference?.document.isDirty === true) await checkpointing.checkpoint(reference.document);
          } finally {
            reference?.release();
          }
        } else {
          const dirty = [...registry.documents(projectId)].filter((document) => document.isDirty);
          await eachAtOnce(dirty, CHECKPOINTS_AT_ONCE, (document) => checkpointing.checkpoint(document));
        }
        // Last: a document may leave memory while its checkpoint waits.
        await writeDropped(projectId, fileId);
      } catch (error) {
        throw documentUnavailable(error);
      }
    },

    async writeOpen(ref) {
      const reference = await registry.acquireOpen(ref);
      try {
        if (reference?.document.isDirty === true) await checkpointing.checkpoint(reference.document);
      } catch (error) {
        throw documentUnavailable(error);
      } finally {
        reference?.release();
      }
    },

    dropped({ projectId, fileId }) {
      if (parts.areHomesShared) return;
      const fileIds = dropped.get(projectId);
      if (fileIds === undefined) dropped.set(projectId, new Set([fileId]));
      else fileIds.add(fileId);
    },

    async sweep(signal) {
      try {
        let isWhole = true;
        for (const ref of await storage.listUncheckpointed()) {
          if (signal.aborted) return;
          try {
            if ((await registry.elsewhere(ref)) === undefined) await checkpointOne(ref);
          } catch (error) {
            isWhole = false;
            log.warn("collaboration.recovery-failed", {
              fileId: ref.fileId,
              error: error instanceof Error ? error.message : "unknown",
            });
            // The next reading looks the document up again; one document that cannot be read blocks no other.
            if (!(error instanceof Overrun)) return;
          }
        }
        isAllLooked = isWhole;
      } catch (error) {
        log.warn("collaboration.recovery-failed", { error: error instanceof Error ? error.message : "unknown" });
      }
    },
  };
};
