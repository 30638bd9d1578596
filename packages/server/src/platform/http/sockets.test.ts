/** Sockets at the edge: who may open one, what is too much, and how they end. */
import { CLOSE, sockets } from "@atelier/contracts";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createEdgeFixture, type EdgeFixture } from "./test-edge.ts";
import type { SocketCall } from "./ports.ts";

const PROJECT = "01900000-0000-7000-8000-000000000001";
let edge: EdgeFixture | undefined;
let calls: SocketCall[] = [];

const start = async (changes: Parameters<typeof createEdgeFixture>[0] = {}): Promise<string> => {
  calls = [];
  edge = createEdgeFixture(changes);
  edge.server.socket(sockets.projectEvents, { maxFrameBytes: 1000 }, (call) => {
    calls.push(call);
    call.socket.on("message", (data, isBinary) => call.socket.send(data, { binary: isBinary }));
  });
  return (await edge.listen()).replace("http", "ws");
};
afterEach(async () => {
  await edge?.[Symbol.asyncDispose]();
});

const refusedWith = async (socket: WebSocket): Promise<number> => {
  const [, answer] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number; resume(): void }];
  socket.on("error", () => undefined);
  socket.terminate();
  return answer.statusCode;
};
const closedWith = async (socket: WebSocket): Promise<number> => ((await once(socket, "close")) as [number])[0];

describe("opening a socket", () => {
  it("refuses a foreign and a null Origin before the upgrade, also with a good ticket", async () => {
    const origin = await start();
    for (const foreign of ["https://evil.example", "null", "http://127.0.0.1:1"]) {
      const socket = new WebSocket(`${origin}/api/projects/${PROJECT}/events?token=token-of-alice`, {
        origin: foreign,
      });
      expect(await refusedWith(socket), foreign).toBe(403);
    }
    expect(calls).toHaveLength(0);
  });

  it("opens so many for one user, says 4429 to the next, and has room again when one closes", async () => {
    const origin = await start({ socketsPerUser: 3 });
    const dial = (user: string) => new WebSocket(`${origin}/api/projects/${PROJECT}/events?token=token-of-${user}`);
    const first = Array.from({ length: 3 }, () => dial("alice"));
    await Promise.all(first.map((socket) => once(socket, "open")));
    expect(await closedWith(dial("alice"))).toBe(CLOSE.tooFast);
    const other = dial("bob");
    await once(other, "open");
    first[0]?.close();
    await vi.waitFor(async () => {
      const again = dial("alice");
      await once(again, "open");
      again.send("hello");
      const outcome = await Promise.race([once(again, "message").then(() => "open"), closedWith(again)]);
      expect(outcome).toBe("open");
    });
    expect(calls.length).toBeGreaterThanOrEqual(5);
  });

  it("takes a ticket once, a bearer token, or a token in the query, on both forms of the path", async () => {
    const origin = await start();
    const own = origin.replace("ws", "http");
    const good: [string, object][] = [
      [`/api/projects/${PROJECT}/events?ticket=ticket-of-alice&since=4`, { origin: own }],
      [`/projects/${PROJECT}/events?token=token-of-alice&since=4`, {}],
      [`/api/projects/${PROJECT}/events?since=4`, { headers: { authorization: "Bearer token-of-alice" } }],
    ];
    for (const [path, options] of good) {
      const socket = new WebSocket(`${origin}${path}`, options);
      await once(socket, "open");
      socket.send("hello");
      expect(String(((await once(socket, "message")) as [Buffer])[0])).toBe("hello");
    }
    expect(calls.map((call) => [call.actor.name, call.params["projectId"], call.query.toString()])).toEqual(
      Array.from({ length: 3 }, () => ["alice", PROJECT, "since=4"]),
    );
    const replayed = new WebSocket(`${origin}/api/projects/${PROJECT}/events?ticket=ticket-of-alice`);
    expect(await closedWith(replayed)).toBe(CLOSE.signedOut);
    expect(calls).toHaveLength(3);
    expect(edge?.logged.join("")).not.toMatch(/ticket-of|token-of/u);
  });

  it("accepts and closes 4401 without credentials, with a cookie only, and with wrong ones", async () => {
    const origin = await start();
    const bad: [string, object][] = [
      ["", {}],
      ["", { headers: { cookie: "atelier-refresh=token-of-alice" } }],
      ["?token=wrong", {}],
      ["", { headers: { authorization: "Bearer wrong" } }],
    ];
    for (const [query, options] of bad) {
      const socket = new WebSocket(`${origin}/api/projects/${PROJECT}/events${query}`, options);
      expect(await closedWith(socket)).toBe(CLOSE.signedOut);
    }
    expect(calls).toHaveLength(0);
  });

  it("answers 404 at an unknown path", async () => {
    const origin = await start();
    expect(await refusedWith(new WebSocket(`${origin}/api/nothing?token=token-of-alice`))).toBe(404);
    expect(await refusedWith(new WebSocket(`${origin}/?token=token-of-alice`))).toBe(404);
  });

  it("closes 4429 when one user opens too many", async () => {
    const origin = await start({ points: 2 });
    const open = () => new WebSocket(`${origin}/api/projects/${PROJECT}/events?token=token-of-alice`);
    await once(open(), "open");
    await once(open(), "open");
    expect(await closedWith(open())).toBe(CLOSE.tooFast);
  });
});

describe("an open socket", () => {
  it("is closed by a frame that is too big or malformed, and the server stays", async () => {
    const origin = await start();
    const url = `${origin}/api/projects/${PROJECT}/events?token=token-of-alice`;
    const big = new WebSocket(url);
    await once(big, "open");
    big.send(Buffer.alloc(1001));
    expect(await closedWith(big)).toBe(1009);
    const malformed = new WebSocket(url);
    await once(malformed, "open");
    malformed.on("error", () => undefined);
    // @ts-expect-error -- the raw connection beneath, for bytes that ws would not send
    (malformed._socket as Socket).write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(await closedWith(malformed)).toBe(1002);
    const after = new WebSocket(url);
    await once(after, "open");
  });

  it("is closed with 1012 when the server drains, and no new one opens", async () => {
    const origin = await start();
    const url = `${origin}/api/projects/${PROJECT}/events?token=token-of-alice`;
    const open = Array.from({ length: 450 }, () => new WebSocket(url));
    await Promise.all(open.map((socket) => once(socket, "open")));
    expect(edge?.server.socketCount(sockets.projectEvents)).toBe(450);
    const codes = Promise.all(open.map(closedWith));
    await edge?.server.drain();
    expect(new Set(await codes)).toEqual(new Set([CLOSE.moving]));
    expect(await refusedWith(new WebSocket(url))).toBe(503);
    const answer = await fetch(`${origin.replace("ws", "http")}/api/languages`);
    expect(answer.status).toBe(404);
  });
});
