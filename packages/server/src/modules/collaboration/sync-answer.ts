/** What a client lacks, as frames: the bytes at hand wherever possible, a worker's diff for a large document. */
import * as Y from "yjs";
import { BadMessage, EMPTY_UPDATE, step2Frame, SYNCED_FRAME, updateFrame } from "./frames.ts";
import type { LiveDocument } from "./live-document.ts";
import type { LogWriter } from "./log-writer.ts";
import type { Materialiser } from "./materialiser.ts";

export type SyncParts = { readonly materialiser: Materialiser; readonly writer: LogWriter };

/** A diff of fewer bytes than this is quicker made here than asked for. */
const INLINE_DIFF_BYTES = 32 * 1024;

/** @throws BadMessage when the state vector is none */
const checkStateVector = (stateVector: Uint8Array): boolean => {
  try {
    return Y.decodeStateVector(stateVector).size === 0;
  } catch (error) {
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
  const isNewcomer = checkStateVector(stateVector);
  const { content } = document;
  const whole = content.wholeState;
  if (isNewcomer) return whole === undefined ? [...content.frames(), SYNCED_FRAME] : [step2Frame(whole)];
  if (content.state.byteLength <= INLINE_DIFF_BYTES) {
    const known = Y.diffUpdate(content.state, stateVector);
    if (whole !== undefined) return [step2Frame(known)];
    const isNothing = known.byteLength === EMPTY_UPDATE.byteLength;
    return [...(isNothing ? [] : [updateFrame(known).frame]), ...content.tailFrames(), SYNCED_FRAME];
  }
  const { update } = await parts.materialiser.run("diff", () => ({
    packed: content.packed(),
    stateVector: stateVector.slice(),
  }));
  return [step2Frame(update)];
};
