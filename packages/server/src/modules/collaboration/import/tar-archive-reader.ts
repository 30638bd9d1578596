/** Reads tar archives: header by header, the contents by their positions. The headers are decoded by node-tar. */
import type { Header as TarHeader, Pax } from "tar";
import {
  type Archive,
  type ArchiveEntry,
  archiveInvalid,
  type ArchiveLimits,
  archiveTooLarge,
  MAX_ENTRY_NAME,
  tooManyEntries,
} from "./archive.ts";
import type { SpoolFile } from "./ports.ts";

const BLOCK = 512;
/** Of one header that describes the next entry: a long name, times, attributes. */
const MOST_META_BYTES = 1_048_576;
const EXECUTABLE = 0o100;

const FILES: ReadonlySet<string> = new Set(["File", "OldFile", "ContiguousFile"]);
const LINKS: ReadonlySet<string> = new Set(["Link", "SymbolicLink"]);
const META: ReadonlySet<string> = new Set([
  "ExtendedHeader",
  "OldExtendedHeader",
  "GlobalExtendedHeader",
  "NextFileHasLongPath",
  "OldGnuLongPath",
  "NextFileHasLongLinkpath",
]);

type Placed = { readonly entry: ArchiveEntry; readonly position: number };

const faultOf = (type: string, name: string, isSparse: boolean): ArchiveEntry["fault"] => {
  if (name.includes("\uFFFD")) return { reason: "path-invalid", detail: "Its name is not UTF-8." };
  if (LINKS.has(type)) return { reason: "link", detail: "Links are not imported." };
  if (isSparse || (!FILES.has(type) && type !== "Directory"))
    return { reason: "special-file", detail: "It is neither a plain file nor a folder." };
  return undefined;
};

/** @throws Problem projects/archive-invalid, archive-too-large */
export const openTarArchive = async (file: SpoolFile, limits: ArchiveLimits): Promise<Archive> => {
  // Loaded with the first tar archive: few servers ever see one.
  const tar = await import("tar");
  const placed: Placed[] = [];
  let directoryBytes = 0;
  let pax: Pax | undefined;
  let globals: Pax | undefined;
  let longPath: string | undefined;
  let isSparse = false;

  const decode = (block: Buffer): TarHeader => {
    try {
      return new tar.Header(block, 0, pax, globals);
    } catch (error) {
      throw archiveInvalid("The tar archive has a header that can't be read.", error);
    }
  };

  const readMeta = async (header: TarHeader, position: number): Promise<void> => {
    const size = header.size ?? 0;
    if (size > MOST_META_BYTES) throw archiveTooLarge("The tar archive has a header that is too large.");
    directoryBytes += size;
    const bytes = Buffer.alloc(size);
    await file.read(bytes, position);
    const text = bytes.toString("utf8");
    switch (header.type) {
      case "GlobalExtendedHeader":
        globals = tar.Pax.parse(text, globals, true);
        break;
      case "NextFileHasLongPath":
      case "OldGnuLongPath":
        longPath = text.replace(/\0.*/su, "");
        break;
      case "NextFileHasLongLinkpath":
        break;
      default:
        pax = tar.Pax.parse(text, pax, false);
        isSparse ||= text.includes(" GNU.sparse.");
    }
  };

  const add = (header: TarHeader, position: number): void => {
    const full = longPath ?? header.path ?? "";
    directoryBytes += BLOCK + full.length;
    const name = full.slice(0, MAX_ENTRY_NAME);
    const type = String(header.type);
    const entry: ArchiveEntry = {
      // Archives of a folder's own content name it `./`.
      name: name.replace(/^(?:\.\/)+/u, "").replace(/\/+$/u, ""),
      kind: type === "Directory" ? "folder" : "file",
      size: FILES.has(type) ? (header.size ?? 0) : 0,
      executable: header.mode === undefined ? undefined : (header.mode & EXECUTABLE) !== 0,
      fault: faultOf(type, full, isSparse),
    };
    // The folder that was packed, as `.`.
    if (entry.kind === "folder" && (entry.name === "" || entry.name === ".")) return;
    placed.push({ entry, position });
    if (placed.length > limits.mostEntries) throw tooManyEntries(limits.mostEntries);
    if (directoryBytes > limits.mostDirectoryBytes) throw archiveTooLarge("The names of its entries are too large.");
  };

  const block = Buffer.alloc(BLOCK);
  let position = 0;
  let empty = 0;
  while (position + BLOCK <= file.bytes && empty < 2) {
    await file.read(block, position);
    position += BLOCK;
    const header = decode(block);
    if (header.nullBlock) {
      empty++;
      continue;
    }
    empty = 0;
    if (!header.cksumValid) throw archiveInvalid("The tar archive has a header with a wrong checksum.");
    const size = header.size ?? 0;
    if (!Number.isSafeInteger(size) || position + size > file.bytes)
      throw archiveInvalid("The tar archive ends too early.");
    if (META.has(String(header.type))) await readMeta(header, position);
    else {
      add(header, position);
      pax = undefined;
      longPath = undefined;
      isSparse = false;
    }
    position += Math.ceil(size / BLOCK) * BLOCK;
  }
  const positions = new Map(placed.map((each) => [each.entry, each.position]));
  return {
    entries: placed.map(({ entry }) => entry),
    isOurs: false,
    async read(entry) {
      const at = positions.get(entry);
      if (at === undefined) throw new Error("The entry is of another archive.");
      const bytes = Buffer.alloc(entry.size);
      await file.read(bytes, at);
      return bytes;
    },
  };
};

/** Whether a first block is a tar header: the format has no mark of its own, but a checksum. */
export const isTarHeader = (block: Buffer): boolean => {
  if (block.length < BLOCK) return false;
  const told = Number.parseInt(block.toString("latin1", 148, 156), 8);
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return told === sum;
};
