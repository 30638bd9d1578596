/** Makes a zip archive of a project while it is sent: one file at a time is in memory. */
import { Readable } from "node:stream";
import type { Entry } from "@atelier/contracts";
import { ZipFile } from "yazl";
import type { StoredFile } from "#files";
import { OUR_COMMENT } from "../import/archive.ts";

/** Files that are compressed already are stored as they are. */
const COMPRESSED = /\.(?:7z|avif|br|gif|gz|jpe?g|mp[34]|png|webm|webp|woff2?|xz|zip|zst)$/iu;
const FILE_MODE = 0o100644;
const EXECUTABLE_MODE = 0o100755;
const FOLDER_MODE = 0o40755;

/** Folders without entries. */
const emptyFolders = (entries: readonly Entry[]): Entry[] => {
  const parents = new Set(entries.map(({ parentId }) => parentId));
  return entries.filter(({ kind, id }) => kind === "folder" && !parents.has(id));
};

/**
 * @param contents the bytes of the files of `entries`, in their order
 * @param base the folder that names begin below; "" or ".": the project's root
 * @returns the archive: names in UTF-8, executable files marked. It fails when `contents` fails, and ends `contents` when its reader
 * leaves.
 */
export const zipArchive = async function* (
  entries: readonly Entry[],
  contents: AsyncIterable<StoredFile>,
  base = "",
): AsyncGenerator<Uint8Array> {
  const zip = new ZipFile();
  const nameOf = (path: string): string => (base === "" || base === "." ? path : path.slice(base.length + 1));
  const output = zip.outputStream as Readable;
  const reading = contents[Symbol.asyncIterator]();
  // Also for the archive itself: its stream has no other way to report an error.
  zip.on("error", (error: Error) => output.destroy(error));
  const openNext = async (path: string): Promise<Readable> => {
    const next = await reading.next();
    if (next.done === true || next.value.entry.path !== path)
      throw new Error(`The content of ${path} did not come in order.`);
    const { buffer, byteOffset, byteLength } = next.value.bytes;
    return Readable.from([Buffer.from(buffer, byteOffset, byteLength)]);
  };
  for (const { path, updatedAt } of emptyFolders(entries))
    zip.addEmptyDirectory(nameOf(path), { mtime: new Date(updatedAt), mode: FOLDER_MODE });
  for (const { kind, path, executable, updatedAt } of entries) {
    if (kind === "folder") continue;
    const mode = executable ? EXECUTABLE_MODE : FILE_MODE;
    zip.addReadStreamLazy(
      nameOf(path),
      { mtime: new Date(updatedAt), mode, compress: !COMPRESSED.test(path) },
      // The archive requests a file when the previous one has been read.
      (give) => {
        openNext(path).then(
          (stream) => give(null, stream),
          (error: Error) => output.destroy(error),
        );
      },
    );
  }
  // An import knows by it that no top folder was added.
  zip.end({ comment: OUR_COMMENT, forceZip64Format: false });
  try {
    for await (const chunk of output) yield chunk as Uint8Array;
  } finally {
    output.destroy();
    await reading.return?.();
  }
};
