/** Makes the answer to a sync request, as frames: from bytes in memory where possible, by a diff in a worker for a large document. */
import * as decoding from "lib0/decoding";
import * as Y from "yjs";
import { BadMessage, EMPTY_UPDATE, step2Frame, SYNCED_FRAME, updateFrame } from "./frames.ts";
import type { LiveDocument } from "../document/live-document.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { Materialiser } from "../materialise/materialiser.ts";

export type SyncParts = { readonly materialiser: Materialiser; readonly writer: LogWriter };

/** A diff of a document below this size is made in this thread: a worker would take longer. */
const INLINE_DIFF_BYTES = 32 * 1024;

/** A state vector may name so many clients more than twice those of the document: reading the list costs time before it can be refused. */
const SPARE_CLIENTS = 10_000;

/** @returns whether the state vector is empty. @throws BadMessage when it is malformed, or names far more clients than there are */
const checkStateVector = (stateVector: Uint8Array, knownClients: number): boolean => {
  try {
    const decoder = decoding.createDecoder(stateVector);
    const clients = decoding.readVarUint(decoder);
    if (clients > SPARE_CLIENTS + 2 * knownClients) throw new BadMessage("more clients than there are");
    for (let left = 2 * clients; left > 0; left -= 1)
      if (!Number.isSafeInteger(decoding.readVarUint(decoder))) throw new BadMessage("number out of range");
    if (decoding.hasContent(decoder)) throw new BadMessage("trailing bytes after the state vector");
    return clients === 0;
  } catch (error) {
    if (error instanceof BadMessage) throw error;
    throw new BadMessage("not a state vector", { cause: error });
  }
};

/**
 * The answer to sync step 1. The content goes ahead as ordinary updates, the same frames for every joiner; an empty
 * step 2 ends it, so that a stock client counts as synced when it has everything. With nothing but a compacted state
 * that state is the step 2.
 * @throws BadMessage
 */
export const answerSync = async (
  parts: SyncParts,
  document: LiveDocument,
  stateVector: Uint8Array,
): Promise<readonly Uint8Array[]> => {
  const isNewcomer = checkStateVector(stateVector, document.content.clients);
  const { content } = document;
  const whole = content.wholeState;
  if (isNewcomer) return whole === undefined ? [...content.frames(), SYNCED_FRAME] : [step2Frame(whole)];
  if (content.state.byteLength <= INLINE_DIFF_BYTES) {
    const known = Y.diffUpdate(content.state, stateVector);
    if (whole !== undefined) return [step2Frame(known)];
    const isNothing = known.byteLength === EMPTY_UPDATE.byteLength;
    return [...(isNothing ? [] : [updateFrame(known).frame]), ...content.tailFrames(), SYNCED_FRAME];
  }
  const { update } = await parts.materialiser.run(
    "diff",
    () => ({
      packed: content.packed(),
      stateVector: stateVector.slice(),
    }),
    document.work,
  );
  return [step2Frame(update)];
};
