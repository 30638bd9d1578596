/** The files of a run: gathered from a project (live text included) or from the request, with their versions and one hash. */
import type { Actor } from "#kernel/actor";
import { Problem } from "#kernel/problem";
import type { LiveFiles } from "#collaboration";
import type { StoredFile } from "#files";
import type { StartExecution } from "@atelier/contracts";
import { createHash } from "node:crypto";
import { contentInvalid, invalidField, programTooLarge } from "./errors.ts";
import { type FileReservation, SMALL_PROGRAM_BYTES } from "./file-budget.ts";
import type { JobFile } from "./run-job.ts";

/** A file with its content, which admission reads and does not keep. */
export type SourceFile = JobFile & { readonly bytes: Uint8Array };

export type SourceFiles = {
  readonly files: readonly SourceFile[];
  /** Path -> version; empty without a project. */
  readonly fileVersions: Readonly<Record<string, number>>;
  /** SHA-256, hex, over the sorted lines `<SHA-256 of the bytes>  <path>`. */
  readonly codeHash: string;
  readonly totalBytes: number;
};

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

const codeHashOf = (hashes: readonly { path: string; hash: string }[]): string =>
  sha256(
    hashes
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, hash }) => `${hash}  ${path}\n`)
      .join(""),
  );

const totalOf = (files: readonly SourceFile[]): number => files.reduce((sum, { size }) => sum + size, 0);

/** Reads the files of a run. */
export type FilesReader = Pick<LiveFiles, "readAll" | "sizeOf">;

export type ReadOptions = {
  /** Of all files together. */
  readonly maxBytes: number;
  /** Increased before anything that needs more is read. */
  readonly reservation: FileReservation;
};

const isTooLarge = (error: unknown): boolean => error instanceof Problem && error.code === "projects/too-large";

/** Starts with a small reservation: most programs are small, and only larger ones are measured first. */
const readReserved = async (
  files: FilesReader,
  { actor, projectId, maxBytes, reservation }: ReadOptions & { actor: Actor; projectId: string },
): Promise<StoredFile[]> => {
  let bytes = Math.min(SMALL_PROGRAM_BYTES, maxBytes);
  for (;;) {
    reservation.resize(bytes);
    try {
      return await files.readAll(actor, projectId, { maxBytes: bytes });
    } catch (error) {
      if (!isTooLarge(error) || bytes >= maxBytes) throw error;
    }
    const told = await files.sizeOf(actor, projectId);
    if (told > maxBytes) throw programTooLarge(maxBytes);
    // Live edits that were written meanwhile may have made the project larger than measured.
    bytes = told > bytes ? told : Math.min(maxBytes, bytes * 2);
  }
};

/** @throws Problem as LiveFiles.readAll and FileReservation.resize. */
export const readProjectFiles = async (
  reader: FilesReader,
  options: ReadOptions & { readonly actor: Actor; readonly projectId: string },
): Promise<SourceFiles> => {
  const stored = (await readReserved(reader, options)).filter(({ entry }) => entry.kind === "file");
  const { projectId } = options;
  const files = stored.map(({ entry, bytes }): SourceFile => ({
    path: entry.path,
    hash: entry.hash ?? sha256(bytes),
    size: bytes.byteLength,
    executable: entry.executable,
    ref: { at: "project", projectId, fileId: entry.id, version: entry.version },
    bytes,
  }));
  return {
    files,
    fileVersions: Object.fromEntries(stored.map(({ entry }) => [entry.path, entry.version])),
    codeHash: codeHashOf(files),
    totalBytes: totalOf(files),
  };
};

type GivenFile = NonNullable<StartExecution["files"]>[number];

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;

const bytesOf = ({ path, content, encoding }: GivenFile): Uint8Array => {
  if (encoding !== "base64") {
    if (!content.isWellFormed()) throw contentInvalid(path);
    return Buffer.from(content, "utf8");
  }
  if (!BASE64.test(content)) throw contentInvalid(path);
  return Buffer.from(content, "base64");
};

const mostBytesOf = ({ content, encoding }: GivenFile): number =>
  encoding === "base64" ? Math.ceil((content.length * 3) / 4) : Buffer.byteLength(content, "utf8");

/**
 * @throws Problem request/invalid for a path given twice or below a file, projects/content-invalid, projects/too-large;
 * as FileReservation.resize
 */
export const readGivenFiles = (given: readonly GivenFile[], { maxBytes, reservation }: ReadOptions): SourceFiles => {
  const paths = new Set<string>();
  for (const { path } of given) {
    if (paths.has(path)) throw invalidField("files", `"${path}" is given twice.`);
    paths.add(path);
  }
  for (const path of paths) {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      if (paths.has(path.slice(0, at))) throw invalidField("files", `"${path.slice(0, at)}" is a file and a folder.`);
    }
  }
  reservation.resize(given.reduce((sum, file) => sum + mostBytesOf(file), 0));
  const files = given.map((file): SourceFile => {
    const bytes = bytesOf(file);
    const ref = { at: "request" } as const;
    return { path: file.path, hash: sha256(bytes), size: bytes.byteLength, executable: false, ref, bytes };
  });
  const totalBytes = totalOf(files);
  if (totalBytes > maxBytes) throw programTooLarge(maxBytes);
  return { files, fileVersions: {}, codeHash: codeHashOf(files), totalBytes };
};
