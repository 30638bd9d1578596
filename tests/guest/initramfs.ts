/** Writes the archive that a kernel unpacks as its first root: a "newc" cpio, byte by byte, so that no tool is needed for it. */

/** A folder (no bytes), or a file. */
export type InitramfsEntry = { readonly path: string; readonly mode: number; readonly bytes?: Uint8Array };

const folderType = 0o040_000;
const fileType = 0o100_000;
const trailer = "TRAILER!!!";

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

const member = (number: number, type: number, { path, mode, bytes = new Uint8Array() }: InitramfsEntry): Buffer => {
  const name = Buffer.from(`${path}\0`, "utf8");
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const fields = [number, type | mode, 0, 0, 1, 0, bytes.byteLength, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header, "ascii"), name])), padded(Buffer.from(bytes))]);
};

/** The whole archive; folders must come before what is in them. */
export const encodeInitramfs = (entries: readonly InitramfsEntry[]): Buffer =>
  Buffer.concat([
    ...entries.map((entry, index) => member(index + 1, entry.bytes === undefined ? folderType : fileType, entry)),
    member(0, 0, { path: trailer, mode: 0 }),
  ]);
