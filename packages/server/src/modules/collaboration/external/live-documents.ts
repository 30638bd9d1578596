/** The port of live documents for the projects module, including documents that left memory with edits in no version. */
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { LiveDocuments } from "#files";
import type { Checkpointing } from "../checkpoint/checkpointing.ts";
import { mergeTexts } from "./merge-texts.ts";
import { Overrun } from "../materialise/materialiser.ts";
import type { DocumentRef, DocumentStore } from "../ports.ts";
import type { DocumentRegistry } from "../document/registry.ts";

export type LiveDocumentsParts = {
  readonly store: DocumentStore;
  readonly registry: DocumentRegistry;
  readonly checkpointing: Checkpointing;
  /** Other nodes may leave documents behind at any time: they are looked up at every reading. */
  readonly areHomesShared: boolean;
  readonly log: Log;
};

/** Limit on projects whose closed documents are known to be in their versions. */
const MAX_REMEMBERED = 10_000;
/** When comparing the texts takes longer, larger pieces are replaced. */
const MERGE_MS = 100;
/** A document that leaves memory this often while it should be written counts as unreadable for now. */
const MAX_OPENINGS = 3;

/** Documents written at once when a whole project is read. */
const CHECKPOINTS_AT_ONCE = 8;
/** Bytes kept of versions that wait to be merged into their documents; versions beyond it are read again. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

const asProblem = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem("collaboration/document-unavailable", undefined, { cause: error, retryAfterSeconds: 1 });

type LiveChange = Parameters<LiveDocuments["applyExternal"]>[0];
/** `bytes` undefined: read the version again. `userId` null: it has several authors. */
type Change = Omit<LiveChange, "bytes" | "userId"> & {
  readonly bytes: Uint8Array | undefined;
  readonly userId: string | null;
};

/** Combines two versions that wait, to merge them as one. */
const inOne = (one: Change, other: Change): Change => {
  const [older, newer] = one.version < other.version ? [one, other] : [other, one];
  return { ...newer, basedOn: older.basedOn, userId: older.userId === newer.userId ? newer.userId : null };
};

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

export const createLiveDocuments = (
  parts: LiveDocumentsParts,
): LiveDocuments & {
  sweep(signal: AbortSignal): Promise<void>;
  /** Told of a document that left memory with edits in no version. */
  dropped(ref: DocumentRef): void;
} => {
  const { store, registry, checkpointing, log } = parts;
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
      const hold = await registry.hold(ref);
      if (hold === undefined) return forget(ref);
      try {
        await checkpointing.checkpoint(hold.document);
        // If it left memory meanwhile, it may again have edits in no version.
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

  /** What the log has beyond the versions, of documents that are not open here. @throws Problem when another node has one open */
  const writeLeft = async (projectId: string, fileId: string | undefined): Promise<void> => {
    for (const ref of await store.listUncheckpointed(projectId))
      if ((fileId === undefined || fileId === ref.fileId) && registry.document(ref) === undefined)
        await checkpointOne(ref);
  };

  /** Documents of an earlier process are looked up once per project; one that can't be read delays no other file. */
  const recover = async (projectId: string, fileId: string | undefined): Promise<void> => {
    if (parts.areHomesShared) return writeLeft(projectId, fileId);
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

  /** By document: the version that waits while another one is being merged. */
  const merges = new Map<string, { next: Change | undefined; isDone: Promise<void> }>();
  let waitingBytes = 0;

  const bringIn = async ({ projectId, fileId, ...outside }: Change): Promise<void> => {
    // A document that is not open merges the newest version when it opens, before any client sees it.
    const hold = await registry.holdOpen({ projectId, fileId });
    if (hold === undefined) return;
    try {
      const { bytes } = outside;
      hold.document.awaited = outside;
      if (bytes === undefined) await checkpointing.catchUpWithFile(hold.document);
      else await checkpointing.applyOutside(hold.document, { ...outside, bytes });
    } finally {
      hold.release();
    }
  };

  const drop = ({ bytes }: Change): void => void (waitingBytes -= bytes?.byteLength ?? 0);

  /** At most one version waits for each document: a later one includes the text of those before it. */
  const mergeInTurn = (change: LiveChange): Promise<void> => {
    const key = `${change.projectId}/${change.fileId}`;
    const hasRoom = waitingBytes + change.bytes.byteLength <= MAX_WAITING_BYTES;
    const taken: Change = hasRoom ? change : { ...change, bytes: undefined };
    waitingBytes += taken.bytes?.byteLength ?? 0;
    const turn = merges.get(key);
    if (turn !== undefined) {
      const before = turn.next;
      if (before !== undefined) drop(before);
      turn.next = before === undefined ? taken : inOne(before, taken);
      return turn.isDone;
    }
    const work = async (): Promise<void> => {
      let failure: { readonly error: unknown } | undefined;
      for (let next: Change | undefined = taken; next !== undefined;) {
        const now: Change = next;
        await bringIn(now).then(
          () => (failure = undefined),
          (error: unknown) => (failure = { error }),
        );
        drop(now);
        next = own.next;
        own.next = undefined;
      }
      merges.delete(key);
      if (failure !== undefined) throw failure.error;
    };
    const own: { next: Change | undefined; isDone: Promise<void> } = { next: undefined, isDone: Promise.resolve() };
    merges.set(key, own);
    own.isDone = work();
    return own.isDone;
  };

  return {
    async checkpoint(projectId, fileId) {
      try {
        await recover(projectId, fileId);
        if (fileId !== undefined) {
          const hold = await registry.holdOpen({ projectId, fileId });
          try {
            // A version that is still to be merged does not make the answer outdated: the file's newest version is that one already.
            if (hold?.document.isDirty === true) await checkpointing.checkpoint(hold.document);
          } finally {
            hold?.release();
          }
        } else {
          const dirty = [...registry.documents(projectId)].filter((document) => document.isDirty);
          await eachAtOnce(dirty, CHECKPOINTS_AT_ONCE, (document) => checkpointing.checkpoint(document));
        }
        // Last: a document may leave memory while its checkpoint waits.
        await writeDropped(projectId, fileId);
      } catch (error) {
        throw asProblem(error);
      }
    },

    async applyExternal(change) {
      try {
        await mergeInTurn(change);
      } catch (error) {
        throw asProblem(error);
      }
    },

    merge(texts) {
      const deadline = performance.now() + MERGE_MS;
      return mergeTexts(texts, () => performance.now() > deadline);
    },

    dropped({ projectId, fileId }) {
      if (parts.areHomesShared) return;
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
            if (!(await registry.isElsewhere(ref))) await checkpointOne(ref);
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
