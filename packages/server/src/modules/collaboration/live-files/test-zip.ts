/** For tests: reads a zip archive by its central directory, as an unpacker does. */
import { inflateRawSync } from "node:zlib";

export type ZipEntry = {
  readonly path: string;
  readonly bytes: Buffer;
  /** Unix permission bits. */
  readonly mode: number;
  /** Whether the name is marked as UTF-8. */
  readonly isUtf8: boolean;
};

const END = 0x0605_4b50;
const CENTRAL = 0x0201_4b50;
const LOCAL = 0x0403_4b50;
const DEFLATED = 8;

/** @throws Error when the archive is cut short or damaged */
export const readZip = (archive: Buffer): ZipEntry[] => {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || archive.readUInt32LE(end) !== END) throw new Error("The archive has no end.");
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== CENTRAL) throw new Error("The directory is damaged.");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const name = archive.subarray(at + 46, at + 46 + (nameBytes ?? 0));
    const local = archive.readUInt32LE(at + 42);
    if (archive.readUInt32LE(local) !== LOCAL) throw new Error("A file is not where the directory says.");
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const packed = archive.subarray(start, start + archive.readUInt32LE(at + 20));
    const bytes = archive.readUInt16LE(at + 10) === DEFLATED ? inflateRawSync(packed) : packed;
    if (bytes.length !== archive.readUInt32LE(at + 24)) throw new Error("A file has another length.");
    entries.push({
      path: name.toString("utf8"),
      bytes,
      mode: (archive.readUInt32LE(at + 38) >>> 16) & 0o7777,
      isUtf8: (archive.readUInt16LE(at + 8) & 0x800) !== 0,
    });
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return entries;
};
