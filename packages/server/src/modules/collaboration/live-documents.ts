/** What projects may ask of live documents, also of those that a crash left with edits in no version. */
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { LiveDocuments } from "#projects";
import type { Checkpointing } from "./checkpointing.ts";
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
  const looked = new Set<string>();
  let isAllLooked = false;

  const checkpointOne = async (ref: DocumentRef): Promise<void> => {
    const hold = await registry.hold(ref);
    try {
      if (hold !== undefined && !hold.document.isGone) await checkpointing.checkpoint(hold.document);
    } finally {
      hold?.release();
    }
  };

  /** Documents of an earlier process that ended without putting them to rest: looked for once per project. */
  const recover = async (projectId: string): Promise<void> => {
    if (isAllLooked || looked.has(projectId)) return;
    for (const ref of await store.listUncheckpointed(projectId)) await checkpointOne(ref);
    if (looked.size >= MAX_REMEMBERED) looked.clear();
    looked.add(projectId);
  };

  return {
    async checkpoint(projectId, fileId) {
      try {
        await recover(projectId);
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
        for (const ref of await store.listUncheckpointed()) {
          if (signal.aborted) return;
          try {
            await checkpointOne(ref);
          } catch (error) {
            log.warn("collaboration.recovery-failed", {
              fileId: ref.fileId,
              error: error instanceof Error ? error.message : "unknown",
            });
            return;
          }
        }
        isAllLooked = true;
      } catch (error) {
        log.warn("collaboration.recovery-failed", { error: error instanceof Error ? error.message : "unknown" });
      }
    },
  };
};
