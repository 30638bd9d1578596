/** Bodies that are read as they arrive: refused before they come, paused with their reader, cut off when they stall. */
import { routes } from "@atelier/contracts";
import { once } from "node:events";
import { request as rawRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Problem } from "#kernel/problem";
import { createEdgeFixture } from "./test-edge.ts";

const PROJECT = "01900000-0000-7000-8000-000000000001";
const path = `/api/projects/${PROJECT}/import`;
const headers = { authorization: "Bearer token-of-alice", "content-type": "application/zip" };
const empty = { created: 0, updated: 0, unchanged: 0, folders: 0, strippedFolder: null, skipped: [], skippedCount: 0 };

const edge = createEdgeFixture({ bodyStalledMs: 300, bodyDeadlineMs: 700 });
let origin = "";
let port = 0;
let reading: (body: AsyncIterable<Uint8Array>) => Promise<number>;

const countAll = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.byteLength;
  return bytes;
};

beforeAll(async () => {
  edge.server.bind(routes.importArchive, async ({ body }) => ({
    status: 200 as const,
    body: { ...empty, imported: await reading(body) },
  }));
  edge.server.bind(routes.createProject, async () => {
    throw new Problem("projects/no-such-template");
  });
  origin = await edge.listen();
  port = Number(new URL(origin).port);
});
afterAll(() => edge[Symbol.asyncDispose]());

/** A request whose head is written by hand. */
const open = async (
  head: readonly string[],
): Promise<{ socket: Socket; answer: () => string; closed: Promise<unknown> }> => {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const closed = new Promise((resolve) => void socket.once("close", resolve));
  await once(socket, "connect");
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  return { socket, answer: () => text, closed };
};
const importHead = (...more: string[]): string[] => [
  `POST ${path} HTTP/1.1`,
  "Host: 127.0.0.1",
  "Authorization: Bearer token-of-alice",
  "Content-Type: application/zip",
  ...more,
];

test("[H30] a handler reads a body of any size as it arrives, and answers", async () => {
  reading = countAll;
  const bytes = 30 * 1024 * 1024;
  const answer = await fetch(`${origin}${path}`, { method: "POST", headers, body: new Uint8Array(bytes) });
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { imported: number }).imported).toBe(bytes);
});

test("[H30] other routes do not take its media types, and it takes no JSON", async () => {
  const json = { ...headers, "content-type": "application/json" };
  const refused = await fetch(`${origin}${path}`, { method: "POST", headers: json, body: "{}" });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
    415,
    "request/unsupported-media-type",
  ]);
  const project = await fetch(`${origin}/api/projects`, { method: "POST", headers, body: "PK" });
  expect([project.status, ((await project.json()) as { code: string }).code]).toEqual([
    415,
    "request/unsupported-media-type",
  ]);
});

test("[H31] a refusal is answered while the sender still has 500 MB, and the connection ends soon after", async () => {
  reading = async () => {
    throw new Problem("projects/role-too-low");
  };
  const { socket, answer, closed } = await open(importHead(`Content-Length: ${500 * 1024 * 1024}`));
  await expect.poll(answer).toContain("projects/role-too-low");
  expect(answer()).toContain("HTTP/1.1 403");
  let sent = 0;
  const rest = function* (): Generator<Buffer> {
    for (const chunk = Buffer.alloc(65_536); sent < 500 * 1024 * 1024; sent += chunk.length) yield chunk;
  };
  Readable.from(rest()).pipe(socket);
  await closed;
  // What fits into the kernel's buffers is sent in any case.
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test("[H31] a refusal before the handler says so too, and a short rest keeps the connection", async () => {
  const { socket, answer } = await open([
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/zip",
    "Content-Length: 1000",
  ]);
  await expect.poll(answer).toContain("identity/sign-in-required");
  socket.write(Buffer.alloc(1000));
  socket.write("GET /api/nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await expect.poll(answer).toContain("HTTP/1.1 404");
  socket.destroy();
});

test("[H32] a client that asks first (Expect: 100-continue) sends nothing when it is refused", async () => {
  const ask = (): Promise<{ continued: boolean; status: number }> =>
    new Promise((resolve, reject) => {
      let continued = false;
      const request = rawRequest(`${origin}${path}`, {
        method: "POST",
        headers: { ...headers, expect: "100-continue", "content-length": 4 },
      });
      request.on("continue", () => {
        continued = true;
        request.end("PKPK");
      });
      request.on("response", (answer) => {
        answer.resume();
        resolve({ continued, status: answer.statusCode ?? 0 });
        if (!continued) request.destroy();
      });
      request.on("error", reject);
      request.flushHeaders();
    });
  reading = countAll;
  expect(await ask()).toEqual({ continued: true, status: 200 });
  reading = async () => {
    throw new Problem("projects/role-too-low");
  };
  expect(await ask()).toEqual({ continued: false, status: 403 });
  // Every other route still gets its body from such a client.
  const { socket, answer } = await open([
    "POST /api/projects HTTP/1.1",
    "Host: 127.0.0.1",
    "Authorization: Bearer token-of-alice",
    "Content-Type: application/json",
    "Expect: 100-continue",
    "Content-Length: 12",
  ]);
  await expect.poll(answer).toContain("HTTP/1.1 100 Continue");
  socket.write('{"name":"x"}');
  await expect.poll(answer).toContain("projects/no-such-template");
  socket.destroy();
});

test("[H33] the sender waits for a slow reader", async () => {
  const go = Promise.withResolvers<void>();
  reading = async (body) => {
    const parts = body[Symbol.asyncIterator]();
    await parts.next();
    await go.promise;
    let bytes = 0;
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) bytes += next.value.byteLength;
    return bytes;
  };
  const total = 64 * 1024 * 1024;
  const { socket, answer } = await open(importHead(`Content-Length: ${total}`));
  const chunk = Buffer.alloc(65_536);
  let sent = 0;
  const send = (): void => {
    while (sent < total && socket.write(chunk)) sent += chunk.length;
    if (sent < total) sent += chunk.length;
  };
  socket.on("drain", send);
  send();
  await expect.poll(() => socket.writableNeedDrain).toBe(true);
  expect(sent).toBeLessThan(total / 2);
  go.resolve();
  await expect.poll(answer).toContain("HTTP/1.1 200");
  socket.destroy();
});

test("[H34] a body that stalls, and one whose sender leaves, end their request", async () => {
  const outcomes: string[] = [];
  reading = async (body) => {
    await countAll(body).catch((error: Problem) => {
      outcomes.push(error.code);
      throw error;
    });
    return 0;
  };
  const stalled = await open(importHead("Content-Length: 1000"));
  stalled.socket.write("PK");
  await stalled.closed;
  const left = await open(importHead("Content-Length: 1000"));
  left.socket.write("PK");
  await expect.poll(() => edge.logged.length).toBeGreaterThan(0);
  left.socket.destroy();
  await expect.poll(() => outcomes).toEqual(["request/invalid", "request/invalid"]);
});

test("[H35] a body that does not come in time is answered 408 and its connection ends", async () => {
  const { answer, closed, socket } = await open([
    "POST /api/projects HTTP/1.1",
    "Host: 127.0.0.1",
    "Authorization: Bearer token-of-alice",
    "Content-Type: application/json",
    "Content-Length: 1000",
  ]);
  socket.write("{");
  await closed;
  expect(answer()).toContain("408 Request Timeout");
});
