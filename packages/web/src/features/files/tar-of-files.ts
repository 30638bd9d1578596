/** Packs files into a tar that the browser reads from the disk while it sends it: a large folder takes no memory. */
import type { Brought } from "./dropped-files.ts";

const BLOCK = 512;
const NAME_BYTES = 100;
/** What a header's octal size field takes; a longer file is described beside it. */
const encoder = new TextEncoder();

const header = (name: Uint8Array, type: string, size: number): Uint8Array<ArrayBuffer> => {
  const block = new Uint8Array(BLOCK);
  const write = (text: string, at: number): void => block.set(encoder.encode(text), at);
  block.set(name.subarray(0, NAME_BYTES), 0);
  write(type === "5" ? "0000755\0" : "0000644\0", 100);
  write("0000000\u00000000000\0", 108);
  write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  write("00000000000\0", 136);
  write(" ".repeat(8), 148);
  write(type, 156);
  write("ustar\u000000", 257);
  write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return block;
};

const padding = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

/** The record `length path=…\n` of a pax header, whose length counts itself. */
const paxPath = (path: string): Uint8Array<ArrayBuffer> => {
  const rest = encoder.encode(` path=${path}\n`).length;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return encoder.encode(`${length} path=${path}\n`);
};

const entry = (path: string, type: "0" | "5", content: Blob): BlobPart[] => {
  const name = encoder.encode(path);
  const parts: BlobPart[] = [];
  if (name.length > NAME_BYTES) {
    const pax = paxPath(path);
    parts.push(header(encoder.encode("pax"), "x", pax.length), pax, padding(pax.length));
  }
  parts.push(header(name, type, content.size), content, padding(content.size));
  return parts;
};

export const tarOfFiles = ({ files, folders }: Pick<Brought, "files" | "folders">): Blob =>
  new Blob([
    ...files.flatMap(({ path, file }) => entry(path, "0", file)),
    ...folders.flatMap((path) => entry(`${path}/`, "5", new Blob([]))),
    new Uint8Array(2 * BLOCK),
  ]);
