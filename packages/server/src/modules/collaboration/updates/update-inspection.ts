/** Inspects an update without integrating it: whether it is well formed and plain text editing, and which clocks it contains. */
import { ROOT_TEXT } from "@atelier/contracts";
import type { Decoder } from "lib0/decoding";
import * as Y from "yjs";
import { BadMessage } from "../connection/frames.ts";

/** Struct clocks of one client that an update carries: from (inclusive) to (exclusive). */
export type ClockRange = { readonly client: number; readonly from: number; readonly to: number };

export type Inspection = {
  readonly ranges: readonly ClockRange[];
  /** The update's deletions, as encoded. */
  readonly deletions: readonly ClockRange[];
  /** Number of its structs: applying them may cost the square of it. */
  readonly structs: number;
  /** The Yjs client whose structs come first; null when the update only deletes. */
  readonly clientId: number | null;
};

/** Larger updates are inspected in the worker thread, because it takes long. */
export const INLINE_INSPECTION_BYTES = 128 * 1024;
/** Above this value the arithmetic of Yjs is no longer exact. */
const MAX_CLOCK = 2 ** 31;
const MAX_CLIENT = 2 ** 53 - 1;
/** Key and value of a text format. */
const MAX_FORMAT_LENGTH = 1_024;
/** Largest size in bytes of a struct without its content: info, two ids, the root's name, a length. */
const STRUCT_BYTES = 48;
/** Largest size in bytes of a client's heading, and of a deletion. */
const CLIENT_BYTES = 24;
const DELETION_BYTES = 16;

/** Where the last decoding ended: Yjs does not return it. */
let lastDecoder: Decoder | undefined;
class WatchedDecoder extends Y.UpdateDecoderV1 {
  constructor(decoder: Decoder) {
    super(decoder);
    lastDecoder = decoder;
  }
}

/** @throws BadMessage when it is malformed, or has trailing bytes */
const decode = (update: Uint8Array): ReturnType<typeof Y.decodeUpdate> => {
  let decoded: ReturnType<typeof Y.decodeUpdate>;
  try {
    decoded = Y.decodeUpdateV2(update, WatchedDecoder);
  } catch (error) {
    throw new BadMessage("not an update", { cause: error });
  }
  if (lastDecoder?.pos !== update.byteLength) throw new BadMessage("trailing bytes after the update");
  return decoded;
};

const isClock = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MAX_CLOCK;
const isClient = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MAX_CLIENT;

const formatLength = ({ key, value }: Y.ContentFormat): number => key.length + JSON.stringify(value).length;

/** The largest encoding of a struct, in bytes. */
const structBytes = (struct: Y.Item | Y.GC | Y.Skip): number => {
  if (!(struct instanceof Y.Item)) return STRUCT_BYTES;
  const { content } = struct;
  if (content instanceof Y.ContentString) return STRUCT_BYTES + Buffer.byteLength(content.str);
  if (content instanceof Y.ContentFormat) return STRUCT_BYTES + 3 * formatLength(content);
  return STRUCT_BYTES;
};

/**
 * Accepts what a text editor makes: strings, formatting, deletions. Anything else (nested types, sub-documents, embeds) can't
 * be part of a file and could make a replay fail, so it is refused before it is relayed.
 */
const checkItem = (item: Y.Item): void => {
  const { content } = item;
  const allowed =
    content instanceof Y.ContentString || content instanceof Y.ContentDeleted || content instanceof Y.ContentFormat;
  if (!allowed) throw new BadMessage("content that is not text");
  if (content instanceof Y.ContentFormat && formatLength(content) > MAX_FORMAT_LENGTH)
    throw new BadMessage("text format too long");
  if (item.parentSub !== null) throw new BadMessage("an attribute of the text");
  // As decoded, the parent is the root's name; it is absent where the neighbours imply it.
  const parent: unknown = item.parent;
  if (parent !== null && parent !== ROOT_TEXT) throw new BadMessage("another root than the text");
};

/** @throws BadMessage when it is malformed, does more than edit the root text, or is longer than its content. */
export const inspectUpdate = (update: Uint8Array): Inspection => {
  const decoded = decode(update);
  const ranges: { client: number; from: number; to: number }[] = [];
  let skips = 0;
  let mostBytes = CLIENT_BYTES;
  for (const struct of decoded.structs) {
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    if (!(struct.length > 0) || !isClock(clock) || !isClock(end) || !isClient(client))
      throw new BadMessage("struct out of range");
    mostBytes += structBytes(struct);
    if (struct instanceof Y.Skip) {
      skips += 1;
      continue;
    }
    if (struct instanceof Y.Item) checkItem(struct);
    const last = ranges.at(-1);
    if (last !== undefined && last.client === client && last.to === clock) last.to = end;
    else ranges.push({ client, from: clock, to: end });
  }
  // A valid gap is between two structs; gaps without structs have no meaning.
  if (skips > 0 && skips >= decoded.structs.length - skips) throw new BadMessage("gaps without structs");
  mostBytes += ranges.length * CLIENT_BYTES;
  const deletions: ClockRange[] = [];
  for (const [client, deleted] of decoded.ds.clients) {
    if (!isClient(client)) throw new BadMessage("deletion out of range");
    mostBytes += CLIENT_BYTES + deleted.length * DELETION_BYTES;
    for (const { clock, len } of deleted) {
      if (!(len > 0) || !isClock(clock) || !isClock(clock + len)) throw new BadMessage("deletion out of range");
      deletions.push({ client, from: clock, to: clock + len });
    }
  }
  // Numbers may be padded to any length, and lists may be empty.
  if (update.byteLength > mostBytes) throw new BadMessage("longer than its content");
  return { ranges, deletions, structs: decoded.structs.length, clientId: ranges[0]?.client ?? null };
};
