/** What projects may ask of live documents, also of those that a crash left with edits in no version. */
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { LiveDocuments } from "#projects";
import type { Checkpointing } from "./checkpointing.ts";
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

const asProblem = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem("collaboration/document-unavailable", undefined, { cause: error, retryAfterSeconds: 1 });

export const createLiveDocuments = (
  parts: LiveDocumentsParts,
): LiveDocuments & { sweep(signal: AbortSignal): Promise<void> } => {
  const { store, registry, checkpointing, log } = parts;
  /** Of projects that were looked at: documents that an earlier process left with edits in no version. */
  const left = new Map<string, Set<string>>();
  let isAllLooked = false;

  const checkpointOne = async (ref: DocumentRef): Promise<void> => {
    const hold = await registry.hold(ref);
    try {
      if (hold !== undefined && !hold.document.isGone) await checkpointing.checkpoint(hold.document);
    } finally {
      hold?.release();
    }
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
          return;
        }
        const dirty = [...registry.documents(projectId)].filter((document) => document.isDirty);
        for (const document of dirty) await checkpointing.checkpoint(document);
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
