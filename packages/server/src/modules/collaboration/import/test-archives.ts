/** For tests: writes zip and tar archives byte by byte, so that each of their claims can be a lie. */
import { crc32, deflateRawSync } from "node:zlib";

export type ZipFileClaim = {
  readonly name: string | Buffer;
  readonly content?: string | Uint8Array;
  /** Default: 0o100644, or 0o40755 for a name that ends with a slash. */
  readonly mode?: number;
  /** What made it, high byte; default 3, Unix. */
  readonly system?: number;
  /** Default: UTF-8 names (0x800). */
  readonly flags?: number;
  readonly method?: 0 | 8 | 93 | 12;
  readonly crc?: number;
  readonly size?: number;
  readonly packedSize?: number;
  /** The bytes as they are in the archive, instead of the packed content. */
  readonly packed?: Uint8Array;
  /** Index of another entry whose bytes this one claims as its own. */
  readonly sharesWith?: number;
  /** Where the entry begins, something else is. */
  readonly hasNoHeader?: boolean;
  readonly extra?: Buffer;
};

const UTF8 = 0x800;

const header = (
  signature: number,
  { flags, method, crc, packedSize, size }: Record<"flags" | "method" | "crc" | "packedSize" | "size", number>,
): Buffer => {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt16LE(20, 0);
  bytes.writeUInt16LE(flags, 2);
  bytes.writeUInt16LE(method, 4);
  bytes.writeUInt16LE(0x21, 8);
  bytes.writeUInt32LE(crc >>> 0, 10);
  bytes.writeUInt32LE(packedSize, 14);
  bytes.writeUInt32LE(size, 18);
  const start = Buffer.alloc(4);
  start.writeUInt32LE(signature);
  return Buffer.concat([start, bytes]);
};

export const zipOf = (
  claims: readonly ZipFileClaim[],
  {
    comment = "",
    directoryBy = 0,
    entryCount = claims.length,
  }: { readonly comment?: string; readonly directoryBy?: number; readonly entryCount?: number } = {},
): Buffer => {
  const parts: Buffer[] = [];
  const positions: number[] = [];
  let at = 0;
  const push = (part: Buffer): void => {
    parts.push(part);
    at += part.length;
  };
  const described = claims.map((claim) => {
    const content = Buffer.from(claim.content ?? "");
    const method = claim.method ?? (content.length > 0 ? 8 : 0);
    const packed = Buffer.from(claim.packed ?? (method === 8 ? deflateRawSync(content) : content));
    const name = Buffer.from(claim.name);
    const facts = {
      flags: claim.flags ?? UTF8,
      method,
      crc: claim.crc ?? crc32(content),
      packedSize: claim.packedSize ?? packed.length,
      size: claim.size ?? content.length,
    };
    return { claim, packed, name, facts, extra: claim.extra ?? Buffer.alloc(0) };
  });
  for (const { claim, packed, name, facts, extra } of described) {
    positions.push(claim.sharesWith === undefined ? at : (positions[claim.sharesWith] ?? 0));
    if (claim.sharesWith !== undefined) continue;
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(name.length, 0);
    lengths.writeUInt16LE(extra.length, 2);
    push(
      Buffer.concat([
        header(claim.hasNoHeader === true ? 0 : 0x04034b50, facts).subarray(0, 26),
        lengths,
        name,
        extra,
        packed,
      ]),
    );
  }
  const directoryAt = at;
  for (const [index, { claim, name, facts, extra }] of described.entries()) {
    const isFolder = name.at(-1) === 0x2f;
    const mode = claim.mode ?? (isFolder ? 0o40755 : 0o100644);
    const made = Buffer.from([30, claim.system ?? 3]);
    const tail = Buffer.alloc(18);
    tail.writeUInt16LE(name.length, 0);
    tail.writeUInt16LE(extra.length, 2);
    tail.writeUInt32LE((mode << 16) >>> 0, 10);
    tail.writeUInt32LE(positions[index] ?? 0, 14);
    const middle = header(0, facts).subarray(4);
    push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2]), made, middle.subarray(0, 22), tail, name, extra]));
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entryCount, 8);
  end.writeUInt16LE(entryCount, 10);
  end.writeUInt32LE(at - directoryAt, 12);
  end.writeUInt32LE(directoryAt + directoryBy, 16);
  end.writeUInt16LE(comment.length, 20);
  push(Buffer.concat([end, Buffer.from(comment, "latin1")]));
  return Buffer.concat(parts);
};

export type TarFileClaim = {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** Type flag: "0" a file, "5" a folder, "2" a symbolic link, "x" a pax header, "L" a long name … */
  readonly type?: string;
  readonly mode?: number;
  readonly size?: number;
  readonly linkTo?: string;
};

export const tarOf = (claims: readonly TarFileClaim[]): Buffer =>
  Buffer.concat([
    ...claims.flatMap(({ name, content = "", type = "0", mode = 0o644, size, linkTo = "" }) => {
      const bytes = Buffer.from(content);
      const block = Buffer.alloc(512);
      block.write(name, 0, 100, "utf8");
      block.write(`${mode.toString(8).padStart(7, "0")}\0`, 100, "latin1");
      block.write("0000000\0".repeat(2), 108, "latin1");
      block.write(`${(size ?? bytes.length).toString(8).padStart(11, "0")}\0`, 124, "latin1");
      block.write("00000000000\0", 136, "latin1");
      block.write(" ".repeat(8), 148, "latin1");
      block.write(type, 156, "latin1");
      block.write(linkTo, 157, 100, "utf8");
      block.write("ustar\x0000", 257, "latin1");
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
      return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);

/** A body in small pieces, as a network brings it. */
export const inPieces = async function* (bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
};
