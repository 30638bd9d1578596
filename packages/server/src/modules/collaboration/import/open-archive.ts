/** Takes an archive from a request's body to the disk, within limits, and opens it by what its bytes say it is. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Problem } from "#kernel/problem";
import { type Archive, archiveInvalid, type ArchiveLimits, archiveTooLarge, requireRatio } from "./archive.ts";
import type { SpoolFile } from "./ports.ts";
import { isTarHeader, openTarArchive } from "./tar-archive-reader.ts";
import { openZipArchive } from "./zip-archive-reader.ts";

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZIP = Buffer.from("PK");
const TAR_BLOCK = 512;

export type Received = {
  /** SHA-256 of the bytes as they were sent. */
  readonly hash: Buffer;
};

const startOf = async (chunks: AsyncIterator<Uint8Array>, bytes: number): Promise<Buffer> => {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < bytes) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
};

/**
 * Writes the body into the file; a gzip is unpacked on its way, so that what is in it has positions.
 * @param countBytes told of all bytes before they are written @throws Problem whatever countBytes throws; projects/archive-too-large,
 * archive-invalid
 */
export const receiveArchive = async (
  body: AsyncIterable<Uint8Array>,
  file: SpoolFile,
  options: { readonly mostBytes: number; readonly countBytes: (bytes: number) => void },
): Promise<Received> => {
  const { mostBytes, countBytes } = options;
  const hash = createHash("sha256");
  const chunks = body[Symbol.asyncIterator]();
  let sent = 0;
  const take = (chunk: Uint8Array): void => {
    sent += chunk.byteLength;
    if (sent > mostBytes) throw archiveTooLarge(`An archive may have at most ${mostBytes} bytes.`);
    hash.update(chunk);
  };
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (file.bytes + chunk.byteLength > mostBytes)
      throw archiveTooLarge(`An archive may have at most ${mostBytes} bytes, also unpacked as a tar.`);
    countBytes(chunk.byteLength);
    await file.append(chunk);
  };
  const start = await startOf(chunks, GZIP.length);
  const sentBytes = async function* (): AsyncGenerator<Uint8Array> {
    for (
      let next: IteratorResult<Uint8Array> = { done: false, value: start };
      next.done !== true;
      next = await chunks.next()
    ) {
      take(next.value);
      yield next.value;
    }
  };
  if (!start.subarray(0, GZIP.length).equals(GZIP)) {
    for await (const chunk of sentBytes()) await write(chunk);
    return { hash: hash.digest() };
  }
  // A failure of the sender is its own, and not the archive's.
  let failure: Error | undefined;
  const source = Readable.from(sentBytes(), { objectMode: false });
  const gunzip = createGunzip();
  source.once("error", (error) => {
    failure = error;
    gunzip.destroy(error);
  });
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip) {
      await write(chunk as Buffer);
      requireRatio(file.bytes, sent);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (failure !== undefined) throw failure;
    throw archiveInvalid("The gzip archive is damaged, or ends too early.", error);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return { hash: hash.digest() };
};

/** @throws Problem projects/archive-unsupported, archive-invalid, archive-too-large */
export const openArchive = async (file: SpoolFile, limits: ArchiveLimits): Promise<Archive> => {
  const start = Buffer.alloc(Math.min(TAR_BLOCK, file.bytes));
  await file.read(start, 0);
  if (start.subarray(0, ZIP.length).equals(ZIP)) return openZipArchive(file, limits);
  if (isTarHeader(start)) return openTarArchive(file, limits);
  throw new Problem("projects/archive-unsupported", "It is no zip, tar or tar.gz archive.");
};
