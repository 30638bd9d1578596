/** The routes that read and write the content of files, move and remove them, and copy and download a whole project. */
import { createHash } from "node:crypto";
import { basename } from "node:path/posix";
import { type Encoding, MAX_FILE_BYTES, routes, type File } from "@atelier/contracts";
import type { Edge, RequestFacts } from "#platform/http";
import type { Replay, StoredFile } from "#files";
import { attachment } from "./attachment.ts";
import { decodeContent, describeContent, encodeContent } from "./content.ts";
import { idempotencyKeyOf, invalidHeader } from "./idempotency-key.ts";
import type { LiveFiles } from "./live-files.ts";

/** A request body with content, and the values of its headers. */
export type ContentWrite = {
  readonly path: string;
  readonly content: string;
  readonly encoding?: Encoding | undefined;
  readonly version?: number | undefined;
  readonly idempotencyKey?: string | undefined;
};

/**
 * What LiveFiles takes. The same key with other bytes, another path or another version is another request.
 * @param operation a name for the operation and its project
 * @throws Problem projects/content-invalid, projects/too-large
 */
export const parseWrite = (
  operation: string,
  { path, content, encoding, version, idempotencyKey: key }: ContentWrite,
): { path: string; bytes: Uint8Array; expected: number | undefined; replay: Replay | undefined } => {
  const bytes = decodeContent(content, encoding);
  const hashRequest = (): Buffer =>
    createHash("sha256")
      .update(JSON.stringify([operation, path, version ?? null]))
      .update(bytes)
      .digest();
  return {
    path,
    bytes,
    expected: version,
    replay: key === undefined ? undefined : { key, requestHash: hashRequest() },
  };
};

/** The version that the writer read: If-Match and the body's field mean the same, so they must be equal. */
const expectedVersion = (request: RequestFacts, inBody: number | undefined): number | undefined => {
  const header = request.headers["if-match"]?.trim();
  if (header === undefined || header === "*") return inBody;
  const quoted = /^"(\d{1,9})"$/u.exec(header)?.[1];
  if (quoted === undefined) throw invalidHeader("if-match", 'One version in quotes, as in the ETag: "3".');
  const version = Number(quoted);
  if (inBody !== undefined && inBody !== version) throw invalidHeader("if-match", "Not the version of the body.");
  return version;
};

/** Memory of a download: bytes that wait for the reader, and the small files that are read together. */
const ARCHIVE_BYTES = 8 * 1024 * 1024;
/** Memory of an entry and its storage key. */
const ARCHIVED_ENTRY_BYTES = 1024;

const toFile = ({ entry, bytes }: StoredFile): File => ({ ...entry, ...describeContent(entry.path, bytes) });
const tagOf = ({ entry }: StoredFile): { etag: string } => ({ etag: `"${entry.version}"` });

export const registerLiveFilesHttp = (edge: Edge, files: LiveFiles): void => {
  edge.bind(routes.createFile, async ({ actor, params, body, request }) => {
    const write = parseWrite(`create ${params.projectId}`, { ...body, idempotencyKey: idempotencyKeyOf(request) });
    const file = await files.create(actor, params.projectId, write);
    const audit = { projectId: params.projectId, target: body.path };
    return { status: 201 as const, body: toFile(file), headers: tagOf(file), audit };
  });
  edge.bind(routes.readFile, async ({ actor, params, query }) => {
    const file = await files.read(actor, params.projectId, query);
    return { status: 200 as const, body: { ...toFile(file), ...encodeContent(file.bytes) }, headers: tagOf(file) };
  });
  edge.bind(routes.readRawFile, async ({ actor, params, query }) => {
    const file = await files.read(actor, params.projectId, query);
    const headers = {
      ...tagOf(file),
      // Never a type that a browser would run: a user's HTML is not shown on our origin.
      "content-type": "application/octet-stream",
      "content-disposition": attachment(basename(query.path)),
      "x-content-type-options": "nosniff",
    };
    return { status: 200 as const, body: file.bytes, headers };
  });
  edge.bind(routes.putFile, async ({ actor, params, body, request }) => {
    const version = expectedVersion(request, body.version);
    const write = { ...body, version, idempotencyKey: idempotencyKeyOf(request) };
    const file = await files.write(actor, params.projectId, parseWrite(`put ${params.projectId}`, write));
    const audit = { projectId: params.projectId, target: body.path };
    return { status: 200 as const, body: toFile(file), headers: tagOf(file), audit };
  });
  edge.bind(routes.deleteFile, async ({ actor, params, query }) => {
    await files.remove(actor, params.projectId, { path: query.path, recursive: query.recursive ?? false });
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId, target: query.path } };
  });
  edge.bind(routes.restoreVersion, async ({ actor, params, body, reserve }) => {
    // The request is small, but the version is in memory until it is written.
    reserve(MAX_FILE_BYTES);
    const file = await files.restore(actor, params.projectId, body);
    const audit = { projectId: params.projectId, target: `${body.path} ${body.version}` };
    return { status: 200 as const, body: toFile(file), headers: tagOf(file), audit };
  });
  edge.bind(routes.move, async ({ actor, params, body }) => ({
    status: 200 as const,
    body: await files.move(actor, params.projectId, body),
    audit: { projectId: params.projectId, target: `${body.from} ${body.to}` },
  }));
  edge.bind(routes.forkProject, async ({ actor, params, body }) => {
    const project = await files.fork(actor, params.projectId, body.name);
    return { status: 201 as const, body: project, audit: { projectId: project.id, target: params.projectId } };
  });
  edge.bind(routes.exportProject, async ({ actor, params, query, reserve }) => {
    const { name, entryCount, largestBytes, zip } = await files.archive(actor, params.projectId, query.path);
    // A file is decrypted whole; the rest of the archive is never in memory.
    reserve(2 * largestBytes + entryCount * ARCHIVED_ENTRY_BYTES + ARCHIVE_BYTES);
    const headers = {
      "content-type": "application/zip",
      "content-disposition": attachment(`${name.replaceAll("/", "-")}.zip`),
      "x-content-type-options": "nosniff",
    };
    return { status: 200 as const, body: zip, headers };
  });
};
