/** Sockets at the edge: authentication, limits, and closing. */
import { CLOSE, sockets } from "@atelier/contracts";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createManualClock } from "#kernel/clock";
import { frameCost } from "#platform/channels";
import { createEdgeFixture, type EdgeFixture } from "./test-edge.ts";
import type { SocketCall } from "./ports.ts";

/** Long enough for a busy machine. */
const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> => vi.waitFor(attempt, { timeout: 20_000 });

const PROJECT = "01900000-0000-7000-8000-000000000001";
let edge: EdgeFixture | undefined;
let calls: SocketCall[] = [];

const start = async (changes: Parameters<typeof createEdgeFixture>[0] = {}): Promise<string> => {
  calls = [];
  edge = createEdgeFixture(changes);
  edge.server.socket(sockets.projectEvents, { maxFrameBytes: 1000 }, (call) => {
    calls.push(call);
    call.channel.onFrame((frame) => {
      call.channel.send(frame);
      call.channel.credit(frameCost(frame));
    });
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
/** Resolves when the server has read what the client sent before. */
const patientTurn = async (socket: WebSocket): Promise<void> => {
  const answered = once(socket, "pong");
  socket.ping();
  await answered;
};
const closedWith = async (socket: WebSocket): Promise<number> => ((await once(socket, "close")) as [number])[0];

describe("opening a socket", () => {
  it("refuses a foreign and a null Origin before the upgrade, also with a valid ticket", async () => {
    const origin = await start();
    for (const foreign of ["https://evil.example", "null", "http://127.0.0.1:1"]) {
      const socket = new WebSocket(`${origin}/api/projects/${PROJECT}/events?token=token-of-alice`, {
        origin: foreign,
      });
      expect(await refusedWith(socket), foreign).toBe(403);
    }
    expect(calls).toHaveLength(0);
  });

  it("closes a socket above the user's limit with 4429, and opens one again when another closes", async () => {
    const origin = await start({ socketsPerUser: 3 });
    const dial = (user: string) => new WebSocket(`${origin}/api/projects/${PROJECT}/events?token=token-of-${user}`);
    const first = Array.from({ length: 3 }, () => dial("alice"));
    await Promise.all(first.map((socket) => once(socket, "open")));
    expect(await closedWith(dial("alice"))).toBe(CLOSE.tooFast);
    const other = dial("bob");
    await once(other, "open");
    first[0]?.close();
    await eventually(async () => {
      const again = dial("alice");
      await once(again, "open");
      again.send("hello");
      const outcome = await Promise.race([once(again, "message").then(() => "open"), closedWith(again)]);
      expect(outcome).toBe("open");
    });
    expect(calls.length).toBeGreaterThanOrEqual(5);
  });

  it("accepts a ticket once, a bearer token, or a token in the query, on both forms of the path", async () => {
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
  const url = `/api/projects/${PROJECT}/events?token=token-of-alice`;

  it("that sends no pong is ended at the second heartbeat, and one that sends a pong stays", async () => {
    const clock = createManualClock();
    const origin = await start({ clock });
    const silent = new WebSocket(`${origin}${url}`, { autoPong: false });
    const alive = new WebSocket(`${origin}${url}`);
    await Promise.all([once(silent, "open"), once(alive, "open")]);
    const closed = closedWith(silent);
    const asked = Promise.all([once(silent, "ping"), once(alive, "ping")]);
    clock.advance(30_000);
    await asked;
    // The pong arrives before the next heartbeat, because a message sent after it was echoed.
    alive.send("after the pong");
    await once(alive, "message");
    clock.advance(30_000);
    expect(await closed).toBe(1006);
    alive.send("still there");
    expect(String(((await once(alive, "message")) as [Buffer])[0])).toBe("still there");
  });

  it("[K17] is not cut at a heartbeat while it is paused, but later when it is read again and sends no pong", async () => {
    const clock = createManualClock();
    const origin = await start({ clock });
    const [patient, gone] = [new WebSocket(`${origin}${url}`), new WebSocket(`${origin}${url}`)];
    await Promise.all([once(patient, "open"), once(gone, "open")]);
    const opened = calls.map(({ channel }) => channel);
    for (const channel of opened) channel.onFrame(() => undefined);
    for (const socket of [patient, gone]) for (let at = 0; at < 40; at += 1) socket.send(Buffer.alloc(990));
    await eventually(() => expect(patient.bufferedAmount + gone.bufferedAmount).toBe(0));
    for (let beat = 0; beat < 5; beat += 1) {
      const asked = once(patient, "ping");
      clock.advance(30_000);
      await asked;
    }
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    for (const channel of opened) {
      channel.onFrame((frame) => channel.credit(frameCost(frame)));
      channel.credit(100_000);
    }
    patient.send("read again");
    await eventually(() => expect(patient.bufferedAmount).toBe(0));
    gone.pause();
    const cut = closedWith(gone);
    for (let beat = 0; beat < 3; beat += 1) {
      const asked = once(patient, "ping");
      clock.advance(30_000);
      await asked;
      await patientTurn(patient);
    }
    gone.resume();
    expect(await cut).toBe(1006);
    expect(patient.readyState).toBe(WebSocket.OPEN);
  });

  it("is closed with 1012 when the server stops, and cut when the client does not close in time", async () => {
    const clock = createManualClock();
    const origin = await start({ clock });
    const [polite, mute] = [new WebSocket(`${origin}${url}`), new WebSocket(`${origin}${url}`)];
    await Promise.all([once(polite, "open"), once(mute, "open")]);
    const left = closedWith(polite);
    const cut = closedWith(mute);
    // It no longer reads, so it never sees the close frame.
    mute.pause();
    const closing = edge?.server.drain();
    expect(await left).toBe(CLOSE.moving);
    clock.advance(2000);
    await closing;
    mute.resume();
    expect([CLOSE.moving, 1006]).toContain(await cut);
  });
});

describe("a failed handshake", () => {
  const url = `/api/projects/${PROJECT}/events?token=token-of-alice`;
  const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  const upgrade = (headers: readonly string[], path = url): string =>
    [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket", ...headers, "", ""].join(
      "\r\n",
    );
  const bad: [string, string][] = [
    ["without a key", upgrade(["Sec-WebSocket-Version: 13"])],
    ["with a short key", upgrade(["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"])],
    ["with an unknown version", upgrade(["Sec-WebSocket-Version: 7", KEY])],
    ["with malformed subprotocols", upgrade(["Sec-WebSocket-Version: 13", KEY, "Sec-WebSocket-Protocol: a,,a"])],
    ["of nobody", upgrade(["Sec-WebSocket-Version: 7", KEY], `/api/projects/${PROJECT}/events`)],
  ];

  it.each(bad)("%s leaves no state", async (_name, request) => {
    const origin = await start();
    const port = Number(new URL(origin).port);
    for (let at = 0; at < 20; at += 1) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(request);
      socket.resume();
      await once(socket, "close");
    }
    await eventually(() => expect(edge?.server.socketsOpening).toBe(0));
    expect(calls).toHaveLength(0);
    const good = new WebSocket(`${origin}${url}`);
    await once(good, "open");
  });

  it("by a client that disconnects in the middle leaves no state", async () => {
    const origin = await start();
    const port = Number(new URL(origin).port);
    for (let at = 0; at < 20; at += 1) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.end(upgrade(["Sec-WebSocket-Version: 13", KEY]));
      socket.resume();
      await once(socket, "close");
    }
    await eventually(() => expect(edge?.server.socketsOpening).toBe(0));
    await eventually(() => expect(edge?.server.socketCount(sockets.projectEvents)).toBe(0));
  });
});

describe("memory for messages that arrive on sockets", () => {
  const limits = { totalBytes: 600_000, senderBytes: 300_000, freeBytes: 0 };
  /** The beginning of a masked frame of a million bytes. */
  const unfinished = (bytes: number): Buffer => {
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 1, 2, 3, 4]);
    return Buffer.concat([header, Buffer.alloc(bytes)]);
  };
  const startLarge = async (): Promise<string> => {
    edge = createEdgeFixture({ socketBudget: limits });
    calls = [];
    edge.server.socket(sockets.projectEvents, { maxFrameBytes: 1_000_000 }, (call) => {
      calls.push(call);
      call.channel.onFrame((frame) => {
        call.channel.send("heard");
        call.channel.credit(frameCost(frame));
      });
    });
    return (await edge.listen()).replace("http", "ws");
  };
  const dial = async (origin: string, user = "alice"): Promise<WebSocket> => {
    const socket = new WebSocket(`${origin}/api/projects/${PROJECT}/events?token=token-of-${user}`);
    socket.on("error", () => undefined);
    await once(socket, "open");
    return socket;
  };
  // @ts-expect-error -- the underlying connection, for bytes that ws does not send
  const raw = (socket: WebSocket): Socket => socket._socket as Socket;

  it("counts frames that are not complete over all sockets of one user", async () => {
    const origin = await startLarge();
    const own = await Promise.all(Array.from({ length: 4 }, () => dial(origin)));
    const closed = Promise.race(own.map(closedWith));
    for (const socket of own) raw(socket).write(unfinished(200_000));
    expect([CLOSE.overloaded, 1006]).toContain(await closed);
    const other = await dial(origin, "bob");
    other.send(Buffer.alloc(100_000));
    await once(other, "message");
  });

  it("is released when a message is complete, or its connection ends", async () => {
    const origin = await startLarge();
    const socket = await dial(origin);
    for (let at = 0; at < 10; at += 1) {
      socket.send(Buffer.alloc(200_000));
      await once(socket, "message");
    }
    for (let at = 0; at < 5; at += 1) {
      const leaving = await dial(origin);
      raw(leaving).write(unfinished(150_000));
      leaving.terminate();
    }
    await eventually(async () => {
      const next = await dial(origin);
      next.send(Buffer.alloc(250_000));
      expect(await Promise.race([once(next, "message").then(() => "heard"), closedWith(next)])).toBe("heard");
    });
  });

  it("[C61] is used by messages that wait in their module's channel, over all sockets of one user", async () => {
    const origin = await startLarge();
    const [first, second] = [await dial(origin), await dial(origin)];
    const [call] = calls;
    call?.channel.onFrame(() => undefined);
    calls[1]?.channel.onFrame(() => undefined);
    first.send(Buffer.alloc(200_000));
    await eventually(() => expect(call?.channel.isOpen).toBe(true));
    const closed = Promise.race([closedWith(first), closedWith(second)]);
    second.send(Buffer.alloc(200_000));
    expect(await closed).toBe(CLOSE.overloaded);
  });
});

describe("an open socket", () => {
  it("is closed by a frame that is too large or malformed, and the server keeps running", async () => {
    const origin = await start();
    const url = `${origin}/api/projects/${PROJECT}/events?token=token-of-alice`;
    const big = new WebSocket(url);
    await once(big, "open");
    big.send(Buffer.alloc(1001));
    expect(await closedWith(big)).toBe(1009);
    const malformed = new WebSocket(url);
    await once(malformed, "open");
    malformed.on("error", () => undefined);
    // @ts-expect-error -- the underlying connection, for bytes that ws would not send
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
