/** The routes of files and folders. */
import { basename } from "node:path/posix";
import { MAX_FILE_BYTES, routes, type File } from "@atelier/contracts";
import { Problem } from "#kernel/problem";
import type { Edge, RequestFacts } from "#platform/http";
import { attachment } from "./attachment.ts";
import { describeContent, encodeContent } from "./content.ts";
import type { FileWithBytes, ProjectsService } from "./service.ts";

const IDEMPOTENCY_KEY = /^[\u0021-\u007e]{1,200}$/u;

const invalidHeader = (name: string, message: string): Problem =>
  new Problem("request/invalid", undefined, { faults: [{ at: `header ${name}`, message }] });

const idempotencyKeyOf = (request: RequestFacts): { idempotencyKey?: string } => {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return {};
  if (!IDEMPOTENCY_KEY.test(key)) throw invalidHeader("idempotency-key", "1 to 200 visible characters.");
  return { idempotencyKey: key };
};

/** The version that the writer saw: If-Match and the body's field say the same thing, so they may not differ. */
const expectedVersion = (request: RequestFacts, inBody: number | undefined): { version?: number } => {
  const header = request.headers["if-match"]?.trim();
  if (header === undefined || header === "*") return inBody === undefined ? {} : { version: inBody };
  const quoted = /^"(\d{1,9})"$/u.exec(header)?.[1];
  if (quoted === undefined) throw invalidHeader("if-match", 'One version in quotes, as in the ETag: "3".');
  const version = Number(quoted);
  if (inBody !== undefined && inBody !== version) throw invalidHeader("if-match", "Not the version of the body.");
  return { version };
};

const toFile = ({ entry, bytes }: FileWithBytes): File => ({ ...entry, ...describeContent(entry.path, bytes) });
const tagOf = ({ entry }: FileWithBytes): { etag: string } => ({ etag: `"${entry.version}"` });

/** Binds every route of contracts' routes. */
export const registerFilesHttp = (edge: Edge, service: ProjectsService): void => {
  edge.bind(routes.tree, async ({ actor, params }) => ({
    status: 200 as const,
    body: { entries: await service.tree(actor, params.projectId) },
  }));
  edge.bind(routes.createFile, async ({ actor, params, body, request }) => {
    const file = await service.createFile(actor, params.projectId, { ...body, ...idempotencyKeyOf(request) });
    const audit = { projectId: params.projectId, target: body.path };
    return { status: 201 as const, body: toFile(file), headers: tagOf(file), audit };
  });
  edge.bind(routes.readFile, async ({ actor, params, query }) => {
    const file = await service.readFile(actor, params.projectId, query);
    return { status: 200 as const, body: { ...toFile(file), ...encodeContent(file.bytes) }, headers: tagOf(file) };
  });
  edge.bind(routes.readRawFile, async ({ actor, params, query }) => {
    const file = await service.readFile(actor, params.projectId, query);
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
    const { version: inBody, ...rest } = body;
    const write = { ...rest, ...expectedVersion(request, inBody), ...idempotencyKeyOf(request) };
    const file = await service.putFile(actor, params.projectId, write);
    const audit = { projectId: params.projectId, target: body.path };
    return { status: 200 as const, body: toFile(file), headers: tagOf(file), audit };
  });
  edge.bind(routes.deleteFile, async ({ actor, params, query }) => {
    await service.deleteFile(actor, params.projectId, { path: query.path, recursive: query.recursive ?? false });
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId, target: query.path } };
  });
  edge.bind(routes.history, async ({ actor, params, query }) => ({
    status: 200 as const,
    body: { versions: await service.history(actor, params.projectId, query.path) },
  }));
  edge.bind(routes.restoreVersion, async ({ actor, params, body, hold }) => {
    // A small request, but the version is in memory until it is written again.
    hold(MAX_FILE_BYTES);
    const file = await service.restoreVersion(actor, params.projectId, body);
    const audit = { projectId: params.projectId, target: `${body.path} ${body.version}` };
    return { status: 200 as const, body: toFile(file), headers: tagOf(file), audit };
  });
  edge.bind(routes.createFolder, async ({ actor, params, body }) => ({
    status: 201 as const,
    body: await service.createFolder(actor, params.projectId, body.path),
    audit: { projectId: params.projectId, target: body.path },
  }));
  edge.bind(routes.move, async ({ actor, params, body }) => ({
    status: 200 as const,
    body: await service.move(actor, params.projectId, body),
    audit: { projectId: params.projectId, target: `${body.from} ${body.to}` },
  }));
};
