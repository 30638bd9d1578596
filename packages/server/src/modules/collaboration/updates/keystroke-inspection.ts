/** Inspects what one key makes, a piece of ASCII text or a few deletions, without Yjs: most updates are of this kind. */
import { ROOT_TEXT } from "@atelier/contracts";
import type { ClockRange, Inspection } from "./update-inspection.ts";

/** Bits of the first byte of a struct, as Yjs writes it. */
const STRING = 4;
const KIND = 0b0001_1111;
const HAS_PARENT_KEY = 0b0010_0000;
const HAS_RIGHT_ORIGIN = 0b0100_0000;
const HAS_ORIGIN = 0b1000_0000;

const MAX_CLOCK = 2 ** 31;
const MAX_DELETIONS = 16;
/** Stands for a number that is cut off, padded, or above 2^49. */
const NONE = -1;
/** A number below 2^49 takes at most so many bytes. */
const MAX_NUMBER_BYTES = 7;

/** Reads an update from its beginning. */
class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next number; NONE when it is none, or not encoded as short as possible. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= MAX_NUMBER_BYTES; length += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) return NONE;
      this.at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return byte === 0 && length > 1 ? NONE : value;
      scale *= 128;
    }
    return NONE;
  }

  /** Reads a Yjs id. @returns false when there is none */
  skipId(): boolean {
    return this.number() !== NONE && this.number() !== NONE;
  }

  /** Number of characters of the text that follows; NONE when it is empty, cut off, or not ASCII. */
  asciiLength(): number {
    const length = this.number();
    const end = this.at + length;
    if (length < 1 || end > this.bytes.byteLength) return NONE;
    for (; this.at < end; this.at += 1) if ((this.bytes[this.at] ?? 128) > 127) return NONE;
    return length;
  }

  /** Reads a name. @returns false when it is not that of the root text */
  skipRootName(): boolean {
    if (this.number() !== ROOT_TEXT.length) return false;
    for (let index = 0; index < ROOT_TEXT.length; index += 1, this.at += 1)
      if (this.bytes[this.at] !== ROOT_TEXT.charCodeAt(index)) return false;
    return true;
  }
}

/** Where the text of a struct belongs. Its neighbours imply the root where it has any. */
const isInRootText = (reader: Reader, info: number): boolean => {
  if ((info & HAS_ORIGIN) !== 0 && !reader.skipId()) return false;
  if ((info & HAS_RIGHT_ORIGIN) !== 0 && !reader.skipId()) return false;
  if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) !== 0) return true;
  return (info & HAS_PARENT_KEY) === 0 && reader.number() === 1 && reader.skipRootName();
};

const isClockRange = ({ from, to }: ClockRange): boolean => from >= 0 && to > from && to <= MAX_CLOCK;

/** The only struct of an update that has one. */
const readText = (reader: Reader): ClockRange | undefined => {
  if (reader.number() !== 1) return undefined;

  const client = reader.number();
  const from = reader.number();
  const info = reader.bytes[reader.at] ?? 0;
  reader.at += 1;
  if (client === NONE || (info & KIND) !== STRING || !isInRootText(reader, info)) return undefined;
  const length = reader.asciiLength();
  const range = { client, from, to: from + length };
  return length !== NONE && isClockRange(range) ? range : undefined;
};

/** Deletions in the text of one client. */
const readDeletions = (reader: Reader): ClockRange[] | undefined => {
  const client = reader.number();
  const count = reader.number();
  if (client === NONE || count < 1 || count > MAX_DELETIONS) return undefined;
  const deletions: ClockRange[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = reader.number();
    const range = { client, from, to: from + reader.number() };
    if (!isClockRange(range)) return undefined;
    deletions.push(range);
  }
  return deletions;
};

const NO_RANGES: readonly ClockRange[] = [];

/** @returns the same as inspectUpdate; undefined for every update that is of another kind, or that it would refuse */
export const inspectKeystroke = (update: Uint8Array): Inspection | undefined => {
  const reader = new Reader(update);
  const clients = reader.number();
  if (clients !== 0 && clients !== 1) return undefined;
  const text = clients === 1 ? readText(reader) : undefined;
  if (clients === 1 && text === undefined) return undefined;
  const deleting = reader.number();
  if (deleting !== 0 && deleting !== 1) return undefined;
  const deletions = deleting === 1 ? readDeletions(reader) : NO_RANGES;
  if (deletions === undefined || reader.at !== update.byteLength) return undefined;
  return text === undefined
    ? { ranges: NO_RANGES, deletions, structs: 0, clientId: null }
    : { ranges: [text], deletions, structs: 1, clientId: text.client };
};
