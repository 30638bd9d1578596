/** What projects may ask of live documents, also of those that left memory with edits in no version. */
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { LiveDocuments } from "#projects";
import type { Checkpointing } from "./checkpointing.ts";
import { mergeTexts } from "./merge-texts.ts";
import { Overrun } from "./materialiser.ts";
import type { DocumentRef, DocumentStore } from "./ports.ts";
import type { DocumentRegistry } from "./registry.ts";

export type LiveDocumentsParts = {
  readonly store: DocumentStore;
  readonly registry: DocumentRegistry;
  readonly checkpointing: Checkpointing;
  readonly log: Log;
};

/** Projects whose closed documents are known to be in their versions. */
const MAX_REMEMBERED = 10_000;
/** Texts that take longer to compare are merged in larger pieces. */
const MERGE_MS = 100;
/** A document that leaves memory as often as this while it is to be written can't be read now. */
const MAX_OPENINGS = 3;

const asProblem = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem("collaboration/document-unavailable", undefined, { cause: error, retryAfterSeconds: 1 });

export const createLiveDocuments = (
  parts: LiveDocumentsParts,
): LiveDocuments & {
  sweep(signal: AbortSignal): Promise<void>;
  /** Told of a document that left memory with edits in no version. */
  dropped(ref: DocumentRef): void;
} => {
  const { store, registry, checkpointing, log } = parts;
  /** Of projects that were looked at: documents that an earlier process left with edits in no version. */
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
      const hold = await registry.hold(ref);
      if (hold === undefined) return forget(ref);
      try {
        await checkpointing.checkpoint(hold.document);
        // One that left meanwhile may have left its edits again.
        if (!hold.document.isGone) return forget(ref);
      } finally {
        hold.release();
      }
    }
    throw new Problem("collaboration/document-unavailable", undefined, { retryAfterSeconds: 1 });
  };

  const writeDropped = async (projectId: string, fileId: string | undefined): Promise<void> => {
    for (const found of dropped.get(projectId) ?? [])
      if (fileId === undefined || found === fileId) await checkpointOne({ projectId, fileId: found });
  };

  /** What an earlier process left is looked for once per project; a document that can't be read holds up no other file. */
  const recover = async (projectId: string, fileId: string | undefined): Promise<void> => {
    if (isAllLooked) return;
    let fileIds = left.get(projectId);
    if (fileIds === undefined) {
      fileIds = new Set((await store.listUncheckpointed(projectId)).map((ref) => ref.fileId));
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
    async checkpoint(projectId, fileId) {
      try {
        await recover(projectId, fileId);
        if (fileId !== undefined) {
          const hold = await registry.holdOpen({ projectId, fileId });
          try {
            if (hold !== undefined) await checkpointing.checkpoint(hold.document);
          } finally {
            hold?.release();
          }
        } else {
          const dirty = [...registry.documents(projectId)].filter((document) => document.isDirty);
          for (const document of dirty) await checkpointing.checkpoint(document);
        }
        // Last: a document may leave memory while its checkpoint waits.
        await writeDropped(projectId, fileId);
      } catch (error) {
        throw asProblem(error);
      }
    },

    async applyExternal({ projectId, fileId, ...outside }) {
      // A document that is not open takes the newest version in when it opens, before anybody sees it.
      const hold = await registry.holdOpen({ projectId, fileId });
      if (hold === undefined) return;
      try {
        await checkpointing.applyOutside(hold.document, outside);
      } catch (error) {
        throw asProblem(error);
      } finally {
        hold.release();
      }
    },

    merge(texts) {
      const deadline = performance.now() + MERGE_MS;
      return mergeTexts(texts, () => performance.now() > deadline);
    },

    dropped({ projectId, fileId }) {
      const fileIds = dropped.get(projectId);
      if (fileIds === undefined) dropped.set(projectId, new Set([fileId]));
      else fileIds.add(fileId);
    },

    /** Checkpoints what a crash left behind, one document after the other. */
    async sweep(signal) {
      try {
        let isWhole = true;
        for (const ref of await store.listUncheckpointed()) {
          if (signal.aborted) return;
          try {
            await checkpointOne(ref);
          } catch (error) {
            isWhole = false;
            log.warn("collaboration.recovery-failed", {
              fileId: ref.fileId,
              error: error instanceof Error ? error.message : "unknown",
            });
            // The database is asked again when somebody reads; one document that can't be read holds up no other.
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
