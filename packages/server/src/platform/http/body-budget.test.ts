/** Large concurrent bodies: limited in total and for each sender; refused bodies are not read. */
import { Problem } from "#kernel/problem";
import { routes } from "@atelier/contracts";
import { type ClientRequest, request } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { createBodyBudget, expectedBytes } from "./body-budget.ts";
import { actorNamed, createEdgeFixture } from "./test-edge.ts";

/** Long enough for a busy machine. */
const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> => vi.waitFor(attempt, { timeout: 20_000 });

const PROJECT = "01900000-0000-7000-8000-000000000001";
const MIB = 1024 * 1024;
const limits = { totalBytes: 100, senderBytes: 60, freeBytes: 10 };

describe("the budget for bodies", () => {
  it("limits a sender and the total, and releases a reservation once", () => {
    const budget = createBodyBudget(limits);
    const first = budget.take("a", 50);
    expect(() => budget.take("a", 11)).toThrow(expect.objectContaining({ code: "request/rate-limited" }));
    const second = budget.take("b", 50);
    expect(() => budget.take("c", 11)).toThrow(expect.objectContaining({ code: "server/unavailable" }));
    budget.take("c", 10)();
    first();
    first();
    budget.take("c", 50)();
    second();
    for (const sender of ["a", "b"]) budget.take(sender, 60)();
  });

  it("reserves the content length, or the limit for chunks, and nothing for a body that is too large", () => {
    expect(expectedBytes({ "content-length": "50" }, 100)).toBe(50);
    expect(expectedBytes({ "transfer-encoding": "chunked" }, 100)).toBe(100);
    for (const length of [undefined, "0", "101", "x", "-5"])
      expect(expectedBytes({ "content-length": length }, 100)).toBeUndefined();
  });

  it("is reserved while a slow body arrives, and released when its connection is cut", async () => {
    const edge = createEdgeFixture({ bodyBudget: { totalBytes: 8 * MIB, senderBytes: 5 * MIB, freeBytes: MIB } });
    await using _edge = edge;
    edge.server.bind(routes.createFile, () => Promise.reject(new Error("not reached")));
    const origin = await edge.listen();
    const path = `${origin}/api/projects/${PROJECT}/files`;
    const slow = (user: string) => {
      const sent = request(path, {
        method: "POST",
        headers: {
          authorization: `Bearer token-of-${user}`,
          "content-type": "application/json",
          "content-length": 4 * MIB,
        },
      });
      sent.on("error", () => undefined);
      sent.write("{");
      return sent;
    };
    const large = async (user: string, bytes: number): Promise<number> => {
      const answer = await fetch(path, {
        method: "POST",
        headers: { authorization: `Bearer token-of-${user}`, "content-type": "application/json" },
        body: "x".repeat(bytes),
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    const [one, two] = [slow("alice"), slow("bob")];
    await eventually(async () => expect(await large("alice", 2 * MIB)).toBe(429));
    expect(await large("bob", 2 * MIB)).toBe(429);
    // Small bodies are always accepted, also from a sender of large ones.
    expect(await large("alice", 1_000)).toBe(400);
    one.destroy();
    await eventually(async () => expect(await large("alice", 2 * MIB)).toBe(400));
    expect(await large("alice", 60 * MIB)).toBe(413);
    two.destroy();
  });
});

/** Resolves when the response has begun; its body is never read. */
const unread = (path: string, user: string): Promise<ClientRequest> =>
  new Promise((resolve, reject) => {
    const sent = request(path, { headers: { authorization: `Bearer token-of-${user}` } });
    sent.on("error", reject);
    sent.on("response", (answer) => {
      answer.on("error", () => undefined).pause();
      resolve(sent);
    });
    sent.end();
  });

const LARGE = Buffer.alloc(20 * MIB, "x");
const rawPath = `/api/projects/${PROJECT}/files/raw?path=large.bin`;

describe("the budget for bodies whose sender disconnects early", () => {
  it("is released when the connection was cut during the authentication", async () => {
    const asked = Promise.withResolvers<void>();
    const known = Promise.withResolvers<void>();
    const edge = createEdgeFixture({
      bodyBudget: { totalBytes: 8 * MIB, senderBytes: 5 * MIB, freeBytes: MIB },
      authenticator: {
        async authenticateToken(token) {
          if (token !== "token-of-slow") return actorNamed("alice");
          asked.resolve();
          await known.promise;
          return actorNamed("alice");
        },
        redeemTicket: () => Promise.reject(new Error("not asked")),
      },
    });
    await using _edge = edge;
    let reached = 0;
    edge.server.bind(routes.createFile, async () => {
      reached += 1;
      throw new Problem("projects/path-taken");
    });
    const origin = await edge.listen();
    const path = `${origin}/api/projects/${PROJECT}/files`;
    const headers = { authorization: "Bearer token-of-slow", "content-type": "application/json" };
    const cut = request(path, { method: "POST", headers: { ...headers, "content-length": 4 * MIB } });
    cut.on("error", () => undefined).write("{");
    await asked.promise;
    cut.destroy();
    await new Promise((resolve) => cut.once("close", resolve));
    // After the response to a later request the server has read the end of the cut connection, before the authentication ended.
    await (await fetch(origin)).arrayBuffer();
    known.resolve();
    // It does not wait for the missing body.
    await eventually(() => expect(edge.logged.filter((line) => line.includes("http.left-early"))).toHaveLength(1));
    const content = "x".repeat(3 * MIB);
    const after = await fetch(path, {
      method: "POST",
      headers: { ...headers, authorization: "Bearer token-of-alice" },
      body: JSON.stringify({ path: "a.txt", content }),
    });
    expect(after.status).toBe(409);
    expect(reached).toBe(1);
  });
});

describe("the budget for responses", () => {
  const start = async ({
    beforeHistory = async () => undefined,
    ...options
  }: Parameters<typeof createEdgeFixture>[0] & { readonly beforeHistory?: () => Promise<void> } = {}) => {
    const edge = createEdgeFixture(options);
    edge.server.bind(routes.readRawFile, async () => ({
      status: 200 as const,
      body: LARGE,
      headers: { etag: '"1"', "content-type": "application/octet-stream" },
    }));
    edge.server.bind(routes.history, async () => {
      await beforeHistory();
      return { status: 200 as const, body: { versions: [] } };
    });
    edge.server.page("/page", async () => ({ status: 200, headers: {}, body: LARGE }));
    const origin = await edge.listen();
    const ask = async (path: string, user = "alice") => {
      const answer = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer token-of-${user}` } });
      return {
        status: answer.status,
        etag: answer.headers.get("etag"),
        bytes: (await answer.arrayBuffer()).byteLength,
      };
    };
    return { edge, origin, ask };
  };

  it("counts unread responses, for one sender and in total, and releases them when they were read or cut", async () => {
    const { edge, origin, ask } = await start({
      bodyBudget: { totalBytes: 90 * MIB, senderBytes: 50 * MIB, freeBytes: MIB },
    });
    await using _edge = edge;
    for (let round = 0; round < 4; round += 1) expect((await ask(rawPath)).bytes).toBe(LARGE.length);
    const unreadOnes: ClientRequest[] = [];
    // A response that was read may be counted a little longer; then one of these is refused instead.
    const leave = async (path: string, user: string): Promise<void> =>
      void unreadOnes.push(await unread(`${origin}${path}`, user));
    await eventually(async () => {
      await leave(rawPath, "alice");
      expect(await ask(rawPath)).toMatchObject({ status: 429, etag: null });
    });
    expect((await ask(`/api/projects/${PROJECT}/files/history?path=a`)).status).toBe(200);
    expect((await ask(rawPath, "bob")).status).toBe(200);
    // Without a sign-in, pages count for the address.
    await eventually(async () => {
      await leave("/page", "nobody");
      expect((await ask(rawPath, "bob")).status).toBe(503);
    });
    for (const one of unreadOnes) one.destroy();
    await eventually(async () => expect((await ask(rawPath)).status).toBe(200));
  });

  it("closes the connection of a response without progress, but not of one that is read slowly", async () => {
    const { edge, origin, ask } = await start({
      answerStalledMs: 300,
      bodyBudget: { totalBytes: 90 * MIB, senderBytes: 25 * MIB, freeBytes: MIB },
    });
    await using _edge = edge;
    const stalled = await unread(`${origin}${rawPath}`, "alice");
    await eventually(async () => expect((await ask(rawPath)).status).toBe(429));
    await eventually(async () => expect((await ask(rawPath)).status).toBe(200));
    stalled.destroy();
    const slow = await fetch(`${origin}${rawPath}`, { headers: { authorization: "Bearer token-of-alice" } });
    let bytes = 0;
    for await (const chunk of slow.body ?? []) {
      bytes += chunk.length;
      if (bytes % (4 * MIB) < chunk.length) await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(bytes).toBe(LARGE.length);
  });

  it("a request after a large response on the same connection has no such timeout", async () => {
    const asked = Promise.withResolvers<void>();
    const patient = Promise.withResolvers<void>();
    const { edge, origin, ask } = await start({
      answerStalledMs: 200,
      bodyBudget: { totalBytes: 90 * MIB, senderBytes: 25 * MIB, freeBytes: MIB },
      beforeHistory: () => {
        asked.resolve();
        return patient.promise;
      },
    });
    await using _edge = edge;
    const get = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-of-alice\r\n\r\n`;
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write(get(rawPath) + get(`/api/projects/${PROJECT}/files/history?path=a`));
    let last = "";
    socket.on("data", (chunk: Buffer) => (last = (last + chunk.toString("latin1")).slice(-100)));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    await asked.promise;
    // Another response begins to stall after this request began to wait: when its connection is cut, this one would have been cut too.
    const stalled = await unread(`${origin}${rawPath}`, "bob");
    await eventually(async () => expect((await ask(rawPath, "bob")).status).toBe(429));
    await eventually(async () => expect((await ask(rawPath, "bob")).status).toBe(200));
    stalled.destroy();
    patient.resolve();
    await eventually(() => expect(last).toContain('{"versions":[]}'));
    socket.destroy();
    await ended;
  });
});
