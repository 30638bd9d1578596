import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Clock, createManualClock, systemClock } from "#kernel/clock";
import { type Log, silentLog } from "#kernel/log";
import { MAX_CHANNEL_FRAME_BYTES } from "@atelier/contracts";
import { createMultiplexer } from "../multiplexer.ts";
import type { ChannelTraits } from "../multiplexed-channel.ts";
import { describeChannel } from "../ports.contract.ts";
import type { Channel, Reserve } from "../ports.ts";
import { dialNode, listenForNodes } from "./node-link.ts";

const KEY = Buffer.alloc(32, 7);
const traits: ChannelTraits = { priority: 0, maxFrameBytes: 8_000_000 };
const reserveAnything: Reserve = () => () => undefined;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

type Changes = { readonly log?: Log; readonly clock?: Clock };

const listen = async (accept: (carrier: Channel) => void, changes: Changes = {}) => {
  const options = { key: KEY, clock: systemClock, log: silentLog, reserve: reserveAnything, ...changes };
  const listener = await listenForNodes({ ...options, host: "127.0.0.1", port: 0, accept });
  cleanUps.push(() => listener[Symbol.asyncDispose]());
  return listener.address;
};
const dial = (address: string, key: Uint8Array = KEY, clock: Clock = systemClock): Promise<Channel> =>
  dialNode(address, { key, clock, log: silentLog, reserve: reserveAnything });

describeChannel("node link", async (reserve) => {
  const served = Promise.withResolvers<Channel>();
  const address = await listen((carrier) => {
    createMultiplexer({
      carrier,
      clock: systemClock,
      reserve,
      accept: () => ({ traits, serve: (channel) => served.resolve(channel) }),
    });
  });
  const far = createMultiplexer({ carrier: await dial(address), clock: systemClock, reserve: reserveAnything });
  const channel = far.open("{}", traits);
  return { near: await served.promise, far: channel, overrunBytes: MAX_CHANNEL_FRAME_BYTES };
});

/** Forwards bytes and records those of the connecting side. */
const openRecorder = async (to: string) => {
  const recorded: Buffer[] = [];
  const sockets: ReturnType<typeof connect>[] = [];
  const server: Server = createServer((near) => {
    const far = connect(Number(to.split(":")[1]), "127.0.0.1");
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.on("data", (bytes) => recorded.push(bytes));
    near.pipe(far).pipe(near);
  });
  /** From now on no byte is passed on, and no side gets a close. */
  const freeze = (): void => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, recorded, freeze };
};

describe("[K27] the key of a link", () => {
  const setUp = async () => {
    const accepted: Channel[] = [];
    const refusals: string[] = [];
    const log: Log = { ...silentLog, warn: (event) => void refusals.push(event) };
    const address = await listen((carrier) => void accepted.push(carrier), { log });
    return { accepted, refusals, address };
  };

  test("a connecting node without it, or with another one, gets nothing", async () => {
    const { accepted, refusals, address } = await setUp();
    await expect(dial(address, Buffer.alloc(32, 8))).rejects.toThrow();
    const strangers = [
      new WebSocket(`wss://${address}/link`, { rejectUnauthorized: false }),
      new WebSocket(`ws://${address}/link`),
    ];
    for (const stranger of strangers) {
      let heard = 0;
      stranger.on("message", () => (heard += 1));
      await once(stranger, "error");
      expect(heard).toBe(0);
    }
    expect([accepted.length, refusals.length]).toEqual([0, 3]);
    const friend = await dial(address);
    await vi.waitFor(() => expect(accepted).toHaveLength(1));
    expect(friend.isOpen).toBe(true);
  });

  test("a listener that has another one gets no opening and no frame", async () => {
    const got: Channel[] = [];
    const address = await listen((carrier) => void got.push(carrier));
    const { address: between, recorded } = await openRecorder(address);
    await expect(dial(between, Buffer.alloc(32, 9))).rejects.toThrow();
    expect(Buffer.concat(recorded).includes("/link")).toBe(false);
    expect(got).toEqual([]);
  });

  test("a replayed handshake fails, and the recording contains no frame in the clear", async () => {
    const { accepted, address } = await setUp();
    const { address: between, recorded } = await openRecorder(address);
    const friend = await dial(between);
    friend.send(Buffer.from("a secret text"));
    await vi.waitFor(() => expect(accepted).toHaveLength(1));
    const frames: unknown[] = [];
    accepted[0]?.onFrame((frame) => void frames.push(frame));
    await vi.waitFor(() => expect(frames).toHaveLength(1));
    expect(Buffer.concat(recorded).includes("a secret text")).toBe(false);

    const replay = connect(Number(address.split(":")[1]), "127.0.0.1");
    replay.on("error", () => undefined);
    replay.resume();
    await once(replay, "connect");
    for (const bytes of recorded) {
      if (!replay.destroyed) replay.write(bytes);
      await delay(20);
    }
    await vi.waitFor(() => expect(replay.closed).toBe(true));
    expect(accepted).toHaveLength(1);
  });

  test("another cipher or version of TLS is refused", async () => {
    const { accepted, refusals, address } = await setUp();
    const [host, port] = address.split(":");
    for (const changes of [
      { ciphers: "PSK-AES128-CBC-SHA", maxVersion: "TLSv1.2" },
      { minVersion: "TLSv1.3" },
    ] as const) {
      const socket = connectTls({
        host,
        port: Number(port),
        pskCallback: () => ({ psk: KEY, identity: "atelier-node" }),
        checkServerIdentity: () => undefined,
        ...changes,
      });
      await once(socket, "error");
    }
    expect([accepted.length, refusals.length]).toEqual([0, 2]);
  });
});

test("[K28] a link on which nothing is received ends on both sides, and one with pongs stays", async () => {
  const clock = createManualClock();
  const accepted: Channel[] = [];
  const { address, freeze } = await openRecorder(await listen((carrier) => void accepted.push(carrier), { clock }));
  const near = await dial(address, KEY, clock);
  await vi.waitFor(() => expect(accepted).toHaveLength(1));
  for (let seconds = 0; seconds < 60; seconds += 5) {
    clock.advance(5_000);
    await delay(30);
  }
  expect([near.isOpen, accepted[0]?.isOpen]).toEqual([true, true]);
  freeze();
  for (let seconds = 0; seconds < 20; seconds += 5) clock.advance(5_000);
  expect([(await near.closed).code, (await accepted[0]?.closed)?.code]).toEqual([1006, 1006]);
});
