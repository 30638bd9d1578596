/** Reads zip archives by their directory (yauzl); each content is checked against its size and checksum. */
import { callbackify, promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import yauzl, { type Entry as ZipEntry, RandomAccessReader, type ZipFile } from "yauzl";
import {
  type Archive,
  type ArchiveEntry,
  archiveInvalid,
  type ArchiveLimits,
  archiveTooLarge,
  DamagedEntry,
  MAX_ENTRY_NAME,
  OUR_COMMENT,
  requireRatio,
  tooManyEntries,
} from "./archive.ts";
import type { SpoolFile } from "./ports.ts";

const inflate = promisify(inflateRaw);

const UTF8_NAME = 0x800;
const STORED = 0;
const DEFLATED = 8;
const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
/** A directory is read in small pieces: from one piece of this size. */
const WINDOW_BYTES = 262_144;
/** Systems whose entries have a Unix mode: Unix and macOS. */
const UNIX_SYSTEMS: ReadonlySet<number> = new Set([3, 19]);
const FILE_TYPE = 0o170_000;
const [FOLDER, REGULAR, LINK] = [0o040_000, 0o100_000, 0o120_000];
const EXECUTABLE = 0o100;
const DOS_FOLDER = 0x10;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "unreadable");

class SpoolReader extends RandomAccessReader {
  readonly #file: SpoolFile;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: SpoolFile) {
    super();
    this.#file = file;
  }

  async #fill(into: Buffer, position: number): Promise<void> {
    const isInside = position >= this.#start && position + into.length <= this.#start + this.#window.length;
    if (!isInside) {
      if (into.length > WINDOW_BYTES) return this.#file.read(into, position);
      const length = Math.min(WINDOW_BYTES, this.#file.bytes - position);
      if (length < into.length) throw new RangeError("It ends too early.");
      const window = Buffer.alloc(length);
      await this.#file.read(window, position);
      this.#window = window;
      this.#start = position;
    }
    this.#window.copy(into, 0, position - this.#start);
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    callbackify(async () => {
      await this.#fill(buffer.subarray(offset, offset + length), position);
      return length;
    })(callback);
  }
}

const decodeUtf8 = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/**
 * The name in UTF-8 where the entry says so, or where the bytes happen to be UTF-8 (many programs omit the mark; a real CP437 name is
 * practically never valid UTF-8), else in CP437 as the format says. undefined: marked as UTF-8 and not UTF-8.
 */
const nameOf = (entry: ZipEntry): string | undefined => {
  const hasUnicodePath = entry.extraFields.some(({ id }) => id === 0x7075);
  const asFormatSays = (): string =>
    yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  if (hasUnicodePath) return asFormatSays();
  const utf8 = decodeUtf8(entry.fileNameRaw);
  if (utf8 !== undefined) return utf8;
  return (entry.generalPurposeBitFlag & UTF8_NAME) === 0 ? asFormatSays() : undefined;
};

const modeOf = (entry: ZipEntry): number | undefined => {
  if (!UNIX_SYSTEMS.has(entry.versionMadeBy >>> 8)) return undefined;
  const mode = entry.externalFileAttributes >>> 16;
  return mode === 0 ? undefined : mode;
};

const describe = (entry: ZipEntry, limits: ArchiveLimits): ArchiveEntry => {
  const name = nameOf(entry);
  const shown = (name ?? entry.fileNameRaw.toString("latin1")).slice(0, MAX_ENTRY_NAME);
  const mode = modeOf(entry);
  const type = (mode ?? 0) & FILE_TYPE;
  const isFolder =
    shown.endsWith("/") || type === FOLDER || (mode === undefined && (entry.externalFileAttributes & DOS_FOLDER) !== 0);
  const fault = ((): ArchiveEntry["fault"] => {
    if (name === undefined) return { reason: "path-invalid", detail: "Its name is marked as UTF-8 and is not UTF-8." };
    if (type === LINK) return { reason: "link", detail: "Links are not imported." };
    if (type !== 0 && type !== FOLDER && type !== REGULAR)
      return { reason: "special-file", detail: "It is neither a file nor a folder." };
    if (entry.isEncrypted()) return { reason: "encrypted", detail: "It is encrypted." };
    if (isFolder) return undefined;
    if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
      return {
        reason: "unsupported-compression",
        detail: `Its compression (method ${entry.compressionMethod}) is not supported.`,
      };
    if (entry.compressedSize > limits.mostFileBytes + 65_536 && entry.uncompressedSize <= limits.mostFileBytes)
      return { reason: "damaged", detail: "It is packed larger than it is." };
    return undefined;
  })();
  return {
    name: shown.replace(/\/$/u, ""),
    kind: isFolder ? "folder" : "file",
    size: isFolder ? 0 : entry.uncompressedSize,
    executable: mode === undefined ? undefined : (mode & EXECUTABLE) !== 0,
    fault,
  };
};

/** Entries that share bytes make an archive that unpacks to far more than it has. @throws Problem projects/archive-invalid */
const requireApart = (
  ranges: readonly { readonly start: number; readonly end: number }[],
  directoryAt: number,
): void => {
  let before = 0;
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start < before) throw archiveInvalid("Two of its entries overlap.");
    before = end;
  }
  if (before > directoryAt) throw archiveInvalid("An entry overlaps the directory.");
};

const readDirectory = async (
  zip: ZipFile,
  bytes: number,
  limits: ArchiveLimits,
): Promise<Map<ArchiveEntry, ZipEntry>> => {
  const directoryAt = Number(zip.readEntryCursor);
  if (zip.entryCount > limits.mostEntries) throw tooManyEntries(limits.mostEntries);
  if (bytes - directoryAt > limits.mostDirectoryBytes) throw archiveTooLarge("Its directory is too large.");
  const entries = new Map<ArchiveEntry, ZipEntry>();
  const ranges: { start: number; end: number }[] = [];
  let unpacked = 0;
  let directoryBytes = 0;
  for await (const entry of zip.eachEntry()) {
    directoryBytes += CENTRAL_HEADER_BYTES + entry.fileNameRaw.length + entry.extraFieldRaw.length;
    // The position of the directory is a claim of the archive, too.
    if (directoryBytes > limits.mostDirectoryBytes) throw archiveTooLarge("Its directory is too large.");
    const start = entry.relativeOffsetOfLocalHeader;
    ranges.push({ start, end: start + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize });
    unpacked += entry.uncompressedSize;
    entries.set(describe(entry, limits), entry);
  }
  requireApart(ranges, directoryAt);
  requireRatio(unpacked, bytes);
  return entries;
};

/** @throws Problem projects/archive-invalid, archive-too-large */
export const openZipArchive = async (file: SpoolFile, limits: ArchiveLimits): Promise<Archive> => {
  const reader = new SpoolReader(file);
  const asInvalid = (error: unknown): never => {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("projects/")) throw error;
    throw archiveInvalid(`The zip archive can't be read: ${messageOf(error)}.`, error);
  };
  const options = { autoClose: false, lazyEntries: true, decodeStrings: false, strictFileNames: true };
  const zip = await yauzl.fromRandomAccessReaderPromise(reader, file.bytes, options).catch(asInvalid);
  const directory = await readDirectory(zip, file.bytes, limits).catch(asInvalid);
  return {
    entries: [...directory.keys()],
    isOurs: Buffer.from(zip.comment as unknown as Uint8Array).toString("latin1") === OUR_COMMENT,
    async read(entry) {
      const found = directory.get(entry);
      if (found === undefined) throw new Error("The entry is of another archive.");
      try {
        const { fileDataStart } = await zip.readLocalFileHeaderPromise(found, { minimal: true });
        const packed = Buffer.alloc(found.compressedSize);
        await file.read(packed, fileDataStart);
        const isPacked = found.compressionMethod === DEFLATED;
        const bytes = isPacked ? await inflate(packed, { maxOutputLength: Math.max(1, entry.size) }) : packed;
        if (bytes.byteLength !== entry.size)
          throw new DamagedEntry("It does not have the size that the archive names.");
        if (crc32(bytes) !== found.crc32) throw new DamagedEntry("Its checksum is wrong.");
        return bytes;
      } catch (error) {
        if (error instanceof DamagedEntry) throw error;
        throw new DamagedEntry("It can't be unpacked.", { cause: error });
      }
    },
  };
};
