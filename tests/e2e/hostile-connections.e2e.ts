/** Malformed bytes on hostile connections: they are refused, and the server continues. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Client, signInAsGuest } from "../support/client.ts";
import { startServer, type TestServer } from "../support/server.ts";

const MIB = 1_048_576;

let server: TestServer;
let guest: Client;
let projectId = "";
beforeAll(async () => {
  server = await startServer({ env: { SANDBOX: "namespaces" } });
  guest = await signInAsGuest(server.origin);
  projectId = (await guest.createProject({ name: "target" })).id;
});
afterAll(() => server[Symbol.asyncDispose]());

const open = async (): Promise<Socket> => {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
};
/** Writes bytes. @returns the bytes received until the connection ends, or nothing arrives for a second */
const talk = async (bytes: string | Buffer, waitMs = 1_500): Promise<string> => {
  const socket = await open();
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  socket.write(bytes);
  await Promise.race([
    once(socket, "close"),
    new Promise((resolve) => {
      setTimeout(resolve, waitMs);
    }),
  ]);
  socket.destroy();
  return answer;
};
const statuses = (answer: string): string[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/gu)].map(([, code]) => code ?? "");
const send = (
  path: string,
  init: Omit<RequestInit, "headers"> & { duplex?: "half"; headers?: Record<string, string> } = {},
) =>
  fetch(`${server.origin}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${guest.token}`, "content-type": "application/json", ...init.headers },
  });
const memory = async (): Promise<number> => {
  const text = await (await fetch(`${server.origin}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/mu.exec(text)?.[1]);
};
const isAlive = async (): Promise<boolean> => (await fetch(`${server.origin}/healthz`)).ok;

describe("requests that are none", () => {
  const head = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  it.each([
    ["two lengths", `${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    [
      "a length and chunks",
      `POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
    ],
    [
      "chunks of another coding",
      `POST /api/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    ],
    ["a length that is none", `${head}Content-Length: -1\r\n\r\n`],
    ["a folded header", `${head}X: a\r\n b\r\n\r\n`],
    ["a space before the colon", `${head}X : a\r\n\r\n`],
    ["a NUL in a header", `${head}X: a\0b\r\n\r\n`],
    ["no host", "GET /healthz HTTP/1.1\r\n\r\n"],
    ["a line that ends early", "GET /healthz HTTP/1.1\nHost: x\n\n"],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a header of 64 KiB", `${head}X: ${"a".repeat(65_536)}\r\n\r\n`],
    ["3,000 headers", `${head}${Array.from({ length: 3_000 }, (_none, n) => `X-${n}: a`).join("\r\n")}\r\n\r\n`],
  ])("%s: refused, and at most once", async (_what, bytes) => {
    const codes = statuses(await talk(bytes));
    expect(codes.filter((code) => !/^4(?:00|01|04|31)$/u.test(code))).toEqual([]);
    expect(codes.length).toBeLessThanOrEqual(1);
    expect(await isAlive()).toBe(true);
  });

  it.each([
    "/api/../healthz/../api/me",
    "/api/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/assets/../../../../etc/passwd",
    "//api/me",
    "/api//me",
    "/API/me",
    "/api/me/",
    "/api/me%00",
    "/%zz",
    "http://evil.example/api/me",
    `/${"a/".repeat(5_000)}`,
    "/.outside-of-base-path",
  ])("%s answers no file and nobody's data", async (path) => {
    const answer = await talk(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statuses(answer)[0]).toMatch(/^4\d\d$/u);
    expect(answer).not.toMatch(/root:|BEGIN|at .*\.ts:\d+/u);
  });

  it.each(["TRACE", "CONNECT", "PROPFIND", "OPTIONS"])("%s does nothing", async (method) => {
    const answer = await talk(`${method} /api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statuses(answer)[0] ?? "closed").toMatch(/^(?:closed|4\d\d)$/u);
  });
});

describe("bodies", () => {
  const files = () => `/api/projects/${projectId}/files`;

  it("a body of 100 MB is refused early, with and without Content-Length, and memory does not grow", async () => {
    const before = await memory();
    const told = await send(files(), { method: "POST", body: "a".repeat(100 * MIB) }).catch(() => undefined);
    expect(told?.status ?? 413).toBe(413);
    const chunks = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(MIB));
        sent += 1;
        if (sent >= 100) controller.close();
      },
    });
    let sent = 0;
    const untold = await send(files(), { method: "POST", body: chunks, duplex: "half" }).catch(() => undefined);
    expect(untold?.status ?? 413).toBe(413);
    expect((await memory()) - before).toBeLessThan(250 * MIB);
  });

  it.each([
    ["100,000 arrays deep", "[".repeat(100_000) + "]".repeat(100_000)],
    ["60,000 objects deep, with a suspicious key", `${'{"__proto__":'.repeat(60_000)}1${"}".repeat(60_000)}`],
    ["a key that reaches a prototype", '{"name":"x","__proto__":{"isAdmin":true}}'],
    ["the same in escapes", '{"name":"x","\\u005f_proto__":{"isAdmin":true}}'],
    ["not JSON", "name=x"],
    ["a number of a million digits", `{"name":${"9".repeat(1_000_000)}}`],
    ["half a million keys", `{${Array.from({ length: 70_000 }, (_none, n) => `"k${n}":1`).join(",")}}`],
  ])("%s: 400, at once", async (_what, body) => {
    const startMs = performance.now();
    const answer = await send("/api/projects", { method: "POST", body });
    expect(answer.status).toBe(400);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it("a packed body is not unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MIB));
    const answer = await send("/api/projects", { method: "POST", body: bomb, headers: { "content-encoding": "gzip" } });
    expect(answer.status).toBe(400);
  });

  it(
    "a body without end and headers without end are cut off, and others do not wait",
    { timeout: 90_000 },
    async () => {
      const slow = await Promise.all(Array.from({ length: 200 }, open));
      const closed = slow.map((socket) => once(socket.resume(), "close"));
      for (const socket of slow) socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      const startMs = performance.now();
      expect(await isAlive()).toBe(true);
      expect(performance.now() - startMs).toBeLessThan(5_000);
      await Promise.all(closed);
      expect(performance.now() - startMs).toBeLessThan(70_000);
    },
  );
});

describe("frames", () => {
  /** A socket after a real upgrade, on which anything can be written. */
  const upgraded = async (path: string): Promise<Socket> => {
    const socket = await open();
    socket.write(
      `GET /api${path}?token=${guest.token} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    );
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(chunk.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /u);
    expect(chunk.toString("latin1")).not.toContain("permessage-deflate");
    return socket;
  };
  const masked = (first: number, payload: Buffer): Buffer => {
    const length =
      payload.length < 126
        ? Buffer.of(0x80 | payload.length)
        : Buffer.concat([Buffer.of(0x80 | 126), Buffer.of(payload.length >> 8, payload.length & 0xff)]);
    return Buffer.concat([Buffer.of(first), length, Buffer.alloc(4), payload]);
  };
  const eventsPath = () => `/projects/${projectId}/events`;

  it.each([
    ["unmasked", Buffer.of(0x82, 0x01, 0x00)],
    ["of a reserved kind", masked(0x83, Buffer.from("x"))],
    ["that says it is packed", masked(0xc2, Buffer.from("x"))],
    ["a control frame in pieces", masked(0x09, Buffer.from("x"))],
    ["a ping of 200 bytes", masked(0x89, Buffer.alloc(200))],
    ["that continues nothing", masked(0x80, Buffer.from("x"))],
    ["of 2^62 bytes", Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["text that is no UTF-8", masked(0x81, Buffer.of(0xff, 0xfe))],
    ["a close code that nobody may send", masked(0x88, Buffer.of(0x03, 0xed))],
  ])("a frame %s ends its socket", async (_what, frame) => {
    const socket = await upgraded(eventsPath());
    const closed = once(socket, "close");
    socket.resume();
    socket.write(frame);
    await closed;
    expect(await isAlive()).toBe(true);
  });

  it("a message in a million pieces is cut off before it fills memory", { timeout: 60_000 }, async () => {
    const file = await guest.createFile(projectId, "pieces.txt", "");
    const before = await memory();
    const socket = await upgraded(`/collaborate/${projectId}/${file.id}`);
    const closed = once(socket, "close");
    socket.resume();
    socket.write(masked(0x02, Buffer.of(0)));
    const piece = masked(0x00, Buffer.of(0));
    const pieces = Buffer.concat(Array.from({ length: 10_000 }, () => piece));
    for (let n = 0; n < 100 && socket.writable; n += 1) {
      socket.write(pieces);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect((await memory()) - before).toBeLessThan(150 * MIB);
  });

  it("a thousand sockets that are opened and dropped leave nothing open", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 10; round += 1) {
      const some = Array.from(
        { length: 100 },
        () => new WebSocket(`${server.origin.replace("http", "ws")}/api${eventsPath()}?token=${guest.token}`),
      );
      for (const socket of some) socket.on("error", () => undefined);
      await Promise.all(some.slice(0, 50).map((socket) => once(socket, "open")));
      for (const socket of some) socket.terminate();
    }
    const opened = guest.openSocket(eventsPath());
    const [first] = (await once(opened, "message")) as [Buffer];
    expect(JSON.parse(first.toString())).toMatchObject({ event: { type: "hello" } });
    opened.close();
  });
});

it("the log has no stack of ours for any of it", () => {
  const faults = server
    .output()
    .split("\n")
    .filter((line) => /"level":"error"/u.test(line));
  expect(faults).toEqual([]);
});
