/** Merges versions written from outside into their open documents: one at a time for each document, while at most one waits. */
import type { Checkpointing } from "../checkpoint/checkpointing.ts";
import type { DocumentsElsewhere, StoredChange } from "../document/documents-elsewhere.ts";
import { documentUnavailable } from "../document/document-unavailable.ts";
import type { DocumentRegistry } from "../document/registry.ts";

/** Bytes kept of versions that wait to be merged into their documents; versions beyond it are read again. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** A version of a file that its document does not have yet. */
export type OutsideChange = {
  readonly projectId: string;
  readonly fileId: string;
  /** The version that its writer read. */
  readonly basedOn: number;
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly userId: string;
};
/** `bytes` undefined: read the version again. `userId` null: it has several authors. */
type Change = Omit<OutsideChange, "bytes" | "userId"> & {
  readonly bytes: Uint8Array | undefined;
  readonly userId: string | null;
};

/** Combines two versions that wait, to merge them as one. */
const inOne = (one: Change, other: Change): Change => {
  const [older, newer] = one.version < other.version ? [one, other] : [other, one];
  return { ...newer, basedOn: older.basedOn, userId: older.userId === newer.userId ? newer.userId : null };
};

export type MergeQueue = {
  /**
   * Resolves when the change is in the document's log; several versions that wait are merged as one. Does nothing when the file has no
   * open document.
   * @throws Problem collaboration/document-unavailable
   */
  merge(change: OutsideChange): Promise<void>;
  /**
   * Merges a version that another node has stored into a document that is open here; does nothing when it is not.
   * @throws Problem collaboration/document-unavailable
   */
  mergeStored(change: StoredChange): Promise<void>;
};

export const createMergeQueue = ({
  registry,
  checkpointing,
  elsewhere,
}: {
  readonly registry: DocumentRegistry;
  readonly checkpointing: Checkpointing;
  readonly elsewhere: Pick<DocumentsElsewhere, "merge">;
}): MergeQueue => {
  /** By document: the version that waits while another one is being merged. */
  const merges = new Map<string, { next: Change | undefined; isDone: Promise<void> }>();
  let waitingBytes = 0;

  const bringIn = async ({ projectId, fileId, ...outside }: Change): Promise<void> => {
    // A document that is not open merges the newest version when it opens, before any client sees it.
    const ref = { projectId, fileId };
    const reference = await registry.acquireOpen(ref);
    if (reference === undefined) {
      const { basedOn, version, userId } = outside;
      const node = await registry.elsewhere(ref);
      return node && elsewhere.merge(node, { ...ref, basedOn, version, userId });
    }
    try {
      const { bytes } = outside;
      reference.document.awaited = outside;
      if (bytes === undefined) await checkpointing.catchUpWithFile(reference.document);
      else await checkpointing.applyOutside(reference.document, { ...outside, bytes });
    } finally {
      reference.release();
    }
  };

  const drop = ({ bytes }: Change): void => void (waitingBytes -= bytes?.byteLength ?? 0);

  /** At most one version waits for each document: a later one includes the text of those before it. */
  const mergeInTurn = (change: Change): Promise<void> => {
    const key = `${change.projectId}/${change.fileId}`;
    const fits = waitingBytes + (change.bytes?.byteLength ?? 0) <= MAX_WAITING_BYTES;
    const taken: Change = fits ? change : { ...change, bytes: undefined };
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
    async merge(change) {
      try {
        await mergeInTurn(change);
      } catch (error) {
        throw documentUnavailable(error);
      }
    },
    async mergeStored(change) {
      // A node that lost the document meanwhile has nothing to merge into, and forwards the request to no further node.
      if (registry.document(change) === undefined) return;
      try {
        await mergeInTurn({ ...change, bytes: undefined });
      } catch (error) {
        throw documentUnavailable(error);
      }
    },
  };
};
