/** Decodes and encodes the frames of live documents: y-websocket's messages and Atelier's own. */
import { MESSAGE, type DocumentFacts } from "@atelier/contracts";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

/** Sync sub-types of y-protocols. */
const SYNC = { step1: 0, step2: 1, update: 2 } as const;

/** An empty update: no structs, no deletions. */
export const EMPTY_UPDATE: Uint8Array = Uint8Array.of(0, 0);

/** One message from a client. Byte arrays are views of the frame. */
export type Incoming =
  | { readonly kind: "step1"; readonly stateVector: Uint8Array }
  | { readonly kind: "step2" | "update"; readonly update: Uint8Array }
  | { readonly kind: "awareness"; readonly payload: Uint8Array }
  | { readonly kind: "query-awareness" }
  /** Types that clients may send and the server ignores (auth, Atelier's own). */
  | { readonly kind: "ignored" };

/** Thrown for frames that do not follow the protocol; the connection closes with 4400. */
export class BadMessage extends Error {
  override readonly name = "BadMessage";
}

const bytesToTheEnd = (decoder: decoding.Decoder): Uint8Array => {
  const bytes = decoding.readVarUint8Array(decoder);
  if (decoding.hasContent(decoder)) throw new BadMessage("trailing bytes");
  return bytes;
};

const parse = (frame: Uint8Array): Incoming => {
  const decoder = decoding.createDecoder(frame);
  switch (decoding.readVarUint(decoder)) {
    case MESSAGE.sync:
      switch (decoding.readVarUint(decoder)) {
        case SYNC.step1:
          return { kind: "step1", stateVector: bytesToTheEnd(decoder) };
        case SYNC.step2:
          return { kind: "step2", update: bytesToTheEnd(decoder) };
        case SYNC.update:
          return { kind: "update", update: bytesToTheEnd(decoder) };
        default:
          throw new BadMessage("unknown sync message");
      }
    case MESSAGE.awareness:
      return { kind: "awareness", payload: bytesToTheEnd(decoder) };
    case MESSAGE.queryAwareness:
      return { kind: "query-awareness" };
    case MESSAGE.auth:
    case MESSAGE.saved:
    case MESSAGE.facts:
    case MESSAGE.durability:
      return { kind: "ignored" };
    default:
      throw new BadMessage("unknown message type");
  }
};

/** @throws BadMessage */
export const parseFrame = (frame: Uint8Array): Incoming => {
  try {
    return parse(frame);
  } catch (error) {
    if (error instanceof BadMessage) throw error;
    throw new BadMessage("not a message", { cause: error });
  }
};

const syncFrame = (type: number, bytes: Uint8Array): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, type);
    encoding.writeVarUint8Array(encoder, bytes);
  });

const varUintLength = (value: number): number => {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
};

const putVarUint = (frame: Uint8Array, value: number, from: number): void => {
  let [at, rest] = [from, value];
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) frame[at++] = (rest % 0x80) | 0x80;
  frame[at] = rest;
};

/** A frame and the update inside it: one allocation that serves relaying, joining and logging. */
export type UpdateFrame = { readonly frame: Uint8Array; readonly update: Uint8Array };

/**
 * Copies an update into a frame of exactly the needed length: a received update is a view of a large receive buffer,
 * and keeping the view would keep that buffer in memory.
 */
export const updateFrame = (update: Uint8Array): UpdateFrame => {
  const headLength = 2 + varUintLength(update.byteLength);
  const frame = Buffer.allocUnsafeSlow(headLength + update.byteLength);
  frame[0] = MESSAGE.sync;
  frame[1] = SYNC.update;
  putVarUint(frame, update.byteLength, 2);
  frame.set(update, headLength);
  return { frame, update: frame.subarray(headLength) };
};

export const step1Frame = (stateVector: Uint8Array): Uint8Array => syncFrame(SYNC.step1, stateVector);
export const step2Frame = (update: Uint8Array): Uint8Array => syncFrame(SYNC.step2, update);

/** Ends a sync answer whose content was sent before as update messages. */
export const SYNCED_FRAME: Uint8Array = step2Frame(EMPTY_UPDATE);

export const awarenessFrame = (payload: Uint8Array): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.awareness);
    encoding.writeVarUint8Array(encoder, payload);
  });

export const savedFrame = (count: number): Uint8Array => {
  const frame = new Uint8Array(1 + varUintLength(count));
  frame[0] = MESSAGE.saved;
  putVarUint(frame, count, 1);
  return frame;
};

const jsonFrame = (type: number, value: unknown): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, type);
    encoding.writeVarString(encoder, JSON.stringify(value));
  });

export const factsFrame = (facts: DocumentFacts): Uint8Array => jsonFrame(MESSAGE.facts, facts);
export const durabilityFrame = (durable: boolean): Uint8Array => jsonFrame(MESSAGE.durability, { durable });
