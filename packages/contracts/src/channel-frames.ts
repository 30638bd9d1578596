/**
 * Numbered channels over one connection: `WS /projects/:projectId/socket`, and between nodes. Every frame of the connection is binary and
 * at most 16 KiB: `channel (varint), type (varint), payload`. Only the side that opened the connection opens channels; it numbers them
 * upwards from 1 and uses no number twice.
 *
 * | type | payload | |
 * |---|---|---|
 * | open 0 | JSON, `ChannelOpening` on the project socket | opens the channel |
 * | data 1 | bytes | a binary frame of the channel, or its last piece |
 * | credit 2 | varint | the receiver may send so many bytes more |
 * | close 3 | varint code, then a reason in ASCII | the last frame of the channel, in either direction |
 * | text 4 | UTF-8 | a text frame of the channel, or its last piece |
 * | more 5 | at least 1,024 bytes | a piece of a frame that goes on in the channel's next `more`, `data` or `text` |
 * | ping 6 | nothing | on channel 0: checks that the peer responds |
 * | pong 7 | nothing | on channel 0: the response, sent before all queued frames |
 *
 * Both sides begin with a credit of 16 KiB for each channel. `more` takes the bytes of its payload, `data` and `text` take 64 more. A side
 * that has any credit left may send one piece, which may exceed it.
 */
import { z } from "zod";
import { IdSchema } from "./shapes.ts";

export const CHANNEL_FRAME = { open: 0, data: 1, credit: 2, close: 3, text: 4, more: 5, ping: 6, pong: 7 } as const;
export type ChannelFrameType = (typeof CHANNEL_FRAME)[keyof typeof CHANNEL_FRAME];

/** Limit on one frame of the connection, header included. */
export const MAX_CHANNEL_FRAME_BYTES = 16 * 1024;
/** Payload of a full piece. */
export const CHANNEL_PIECE_BYTES = MAX_CHANNEL_FRAME_BYTES - 16;
/** Minimum payload of `more`: shorter pieces would cost more than they carry. */
export const MIN_CHANNEL_PIECE_BYTES = 1_024;

/** What a page opens on its project's socket. The parameters are those of the sockets of the same name. */
export const ChannelOpeningSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("document"),
    fileId: IdSchema,
    /** `?v=` and `?generation=`. */
    v: z.literal(1).optional(),
    generation: z.int().min(0).optional(),
  }),
  z.strictObject({ kind: z.literal("events"), since: z.int().min(0).optional() }),
  z.strictObject({ kind: z.literal("run"), executionId: IdSchema }),
]);
export type ChannelOpening = z.infer<typeof ChannelOpeningSchema>;

export type ChannelFrame = {
  readonly channel: number;
  readonly type: ChannelFrameType;
  /** A view of the frame that was decoded. */
  readonly payload: Uint8Array;
};

/** The number that belongs to the connection itself: `ping` and `pong`. */
export const CONNECTION_CHANNEL = 0;

const MAX_VARINT = 2 ** 31;

const varintLength = (value: number): number => {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
};

const writeVarint = (bytes: Uint8Array, { at, value }: { readonly at: number; readonly value: number }): number => {
  let [position, rest] = [at, value];
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[position++] = 128 | (rest & 127);
  bytes[position++] = rest;
  return position;
};

/** @returns the number and the position after it; undefined when it is cut off or above 2^31 */
const readVarint = (bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined => {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return value > MAX_VARINT ? undefined : { value, next: at + index + 1 };
  }
  return undefined;
};

export const encodeChannelFrame = ({ channel, type, payload }: ChannelFrame): Uint8Array => {
  const bytes = new Uint8Array(varintLength(channel) + 1 + payload.byteLength);
  const at = writeVarint(bytes, { at: writeVarint(bytes, { at: 0, value: channel }), value: type });
  bytes.set(payload, at);
  return bytes;
};

/** @returns undefined for what is no frame */
export const decodeChannelFrame = (bytes: Uint8Array): ChannelFrame | undefined => {
  if (bytes.byteLength > MAX_CHANNEL_FRAME_BYTES) return undefined;
  const channel = readVarint(bytes, 0);
  const type = channel && readVarint(bytes, channel.next);
  if (type === undefined || channel === undefined || type.value > CHANNEL_FRAME.pong) return undefined;
  const isForConnection = type.value >= CHANNEL_FRAME.ping;
  if (isForConnection !== (channel.value === CONNECTION_CHANNEL)) return undefined;
  if (isForConnection && type.next !== bytes.byteLength) return undefined;
  return { channel: channel.value, type: type.value as ChannelFrameType, payload: bytes.subarray(type.next) };
};

export const encodeCredit = (bytes: number): Uint8Array => {
  const payload = new Uint8Array(varintLength(bytes));
  writeVarint(payload, { at: 0, value: bytes });
  return payload;
};

/** @returns undefined for what is no credit */
export const decodeCredit = (payload: Uint8Array): number | undefined => {
  const read = readVarint(payload, 0);
  return read?.next === payload.byteLength ? read.value : undefined;
};

/** @param closing its reason is ASCII and is cut after 120 characters, as on a WebSocket */
export const encodeClosing = (closing: { readonly code: number; readonly reason: string }): Uint8Array => {
  const reason = Uint8Array.from(closing.reason.slice(0, 120), (character) => character.charCodeAt(0) & 127);
  const payload = new Uint8Array(varintLength(closing.code) + reason.byteLength);
  payload.set(reason, writeVarint(payload, { at: 0, value: closing.code }));
  return payload;
};

/** @returns undefined for what is no close code */
export const decodeClosing = (payload: Uint8Array): { readonly code: number; readonly reason: string } | undefined => {
  const code = readVarint(payload, 0);
  if (code === undefined || code.value < 1000 || code.value > 4999) return undefined;
  return { code: code.value, reason: String.fromCharCode(...payload.subarray(code.next, code.next + 120)) };
};
