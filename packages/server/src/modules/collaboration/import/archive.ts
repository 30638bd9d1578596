/** An archive as the import sees it, whatever its format. */
import type { ImportSkipReason } from "@atelier/contracts";
import { Problem } from "#kernel/problem";

export type ArchiveEntry = {
  /** As the archive names it, without a trailing slash; not checked. At most MAX_ENTRY_NAME characters, cut off otherwise. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Of the content, as the archive says. */
  readonly size: number;
  /** undefined: the archive knows no such mark. */
  readonly executable: boolean | undefined;
  /** Why its content can't or must not be read. */
  readonly fault: { readonly reason: ImportSkipReason; readonly detail: string } | undefined;
};

export interface Archive {
  readonly entries: readonly ArchiveEntry[];
  /** Made by our export: its paths are as they are in a project. */
  readonly isOurs: boolean;
  /** The content of a file. @throws DamagedEntry when it can't be unpacked, or its size or checksum is not what the archive says */
  read(entry: ArchiveEntry): Promise<Uint8Array>;
}

export type ArchiveLimits = {
  readonly mostEntries: number;
  /** Of all names and other facts about entries, in bytes. */
  readonly mostDirectoryBytes: number;
  /** Of one file's content. */
  readonly mostFileBytes: number;
};

/** Longer names break the rules for paths anyway. */
export const MAX_ENTRY_NAME = 1025;

/** The comment of exported archives, by which an import knows them. */
export const OUR_COMMENT = "Atelier project archive";

/** One entry can't be read; the others can. */
export class DamagedEntry extends Error {
  override readonly name = "DamagedEntry";
}

export const archiveInvalid = (detail: string, cause?: unknown): Problem =>
  new Problem("projects/archive-invalid", detail, cause === undefined ? {} : { cause });
export const archiveTooLarge = (detail: string): Problem => new Problem("projects/archive-too-large", detail);
export const tooManyEntries = (most: number): Problem =>
  archiveTooLarge(`An archive may have at most ${most} entries.`);

const MIB = 1_048_576;
/** Programs pack text to a tenth, bombs to a thousandth. Small archives of empty lines may do as they like. */
const MOST_RATIO = 100;
const FREE_BYTES = 64 * MIB;

/** @throws Problem projects/archive-too-large for a content out of proportion to its archive */
export const requireRatio = (unpackedBytes: number, packedBytes: number): void => {
  if (unpackedBytes > FREE_BYTES && unpackedBytes > packedBytes * MOST_RATIO)
    throw archiveTooLarge(`It unpacks to more than ${MOST_RATIO} times its size.`);
};
