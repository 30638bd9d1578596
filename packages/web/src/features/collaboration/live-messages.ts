/** The frames of a live document's socket, written and read. */
import { MESSAGE } from "@atelier/contracts";
import { type DocumentFacts, DocumentFactsSchema } from "@atelier/contracts/collaboration";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

const SYNC = { step1: 0, step2: 1, update: 2 } as const;

export type LiveMessage =
  | { kind: "step1"; stateVector: Uint8Array }
  | { kind: "step2" | "update"; update: Uint8Array }
  | { kind: "awareness"; payload: Uint8Array }
  | { kind: "query-awareness" }
  | { kind: "saved"; count: number }
  | { kind: "facts"; facts: DocumentFacts }
  | { kind: "durability"; durable: boolean }
  | { kind: "unknown" };

/** Reads one frame; throws on bytes that follow no known shape. Newer message types are `unknown`. */
export function readLiveMessage(frame: Uint8Array): LiveMessage {
  const decoder = decoding.createDecoder(frame);
  switch (decoding.readVarUint(decoder)) {
    case MESSAGE.sync: {
      const step = decoding.readVarUint(decoder);
      const bytes = decoding.readVarUint8Array(decoder);
      if (step === SYNC.step1) return { kind: "step1", stateVector: bytes };
      if (step === SYNC.step2) return { kind: "step2", update: bytes };
      if (step === SYNC.update) return { kind: "update", update: bytes };
      return { kind: "unknown" };
    }
    case MESSAGE.awareness:
      return { kind: "awareness", payload: decoding.readVarUint8Array(decoder) };
    case MESSAGE.queryAwareness:
      return { kind: "query-awareness" };
    case MESSAGE.saved:
      return { kind: "saved", count: decoding.readVarUint(decoder) };
    case MESSAGE.facts:
      return { kind: "facts", facts: DocumentFactsSchema.parse(JSON.parse(decoding.readVarString(decoder))) };
    case MESSAGE.durability: {
      const { durable } = JSON.parse(decoding.readVarString(decoder)) as { durable?: unknown };
      return { kind: "durability", durable: durable !== false };
    }
    default:
      return { kind: "unknown" };
  }
}

export const step1Message = (stateVector: Uint8Array): Uint8Array => syncMessage(SYNC.step1, stateVector);
export const step2Message = (update: Uint8Array): Uint8Array => syncMessage(SYNC.step2, update);
export const updateMessage = (update: Uint8Array): Uint8Array => syncMessage(SYNC.update, update);

export function awarenessMessage(payload: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.awareness);
    encoding.writeVarUint8Array(encoder, payload);
  });
}

function syncMessage(step: number, bytes: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, step);
    encoding.writeVarUint8Array(encoder, bytes);
  });
}
