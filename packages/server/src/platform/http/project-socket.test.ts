/** The project socket: its channels are served by the handlers of the other sockets, under the same rules. */
import { CLOSE, sockets } from "@atelier/contracts";
import { once } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { type Channel, createMultiplexer, type Frame, frameCost, type Multiplexer } from "#platform/channels";
import { createInProcessBus } from "../bus/adapters/in-process-bus.ts";
import { creditAtOnce } from "../channels/adapters/memory-channel.ts";
import { createWsChannel } from "../channels/adapters/ws-channel.ts";
import type { SocketCall } from "./ports.ts";
import { createProjectSocket } from "./project-socket.ts";
import { actorNamed, createEdgeFixture, type EdgeFixture } from "./test-edge.ts";

/** Long enough for a busy machine. */
const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> => vi.waitFor(attempt, { timeout: 20_000 });

const PROJECT = "01900000-0000-7000-8000-000000000001";
const FILE = "01900000-0000-7000-8000-000000000002";
const RUN = "01900000-0000-7000-8000-000000000003";
let edge: EdgeFixture | undefined;
const clients: WebSocket[] = [];
afterEach(async () => {
  for (const socket of clients.splice(0)) socket.terminate();
  await edge?.[Symbol.asyncDispose]();
});

type Served = { readonly kind: string; readonly call: SocketCall };

const start = async (changes: Parameters<typeof createEdgeFixture>[0] = {}) => {
  edge = createEdgeFixture(changes);
  const served: Served[] = [];
  const through = createProjectSocket(edge.server, { clock: systemClock });
  for (const [kind, path] of Object.entries(sockets))
    if (path !== sockets.project)
      through.socket(path, { maxFrameBytes: 100_000 }, (call) => {
        served.push({ kind, call });
        creditAtOnce(call.channel, (frame) => call.channel.send(frame));
      });
  const origin = (await edge.listen()).replace("http", "ws");
  const dial = async (query = "token=token-of-alice"): Promise<{ socket: WebSocket; page: Multiplexer }> => {
    const socket = new WebSocket(`${origin}/api/projects/${PROJECT}/socket?${query}`);
    clients.push(socket);
    socket.on("error", () => undefined);
    const carrier = createWsChannel(socket, () => () => undefined);
    await once(socket, "open");
    return { socket, page: createMultiplexer({ carrier, clock: systemClock, reserve: () => () => undefined }) };
  };
  return { dial, served };
};
const open = (page: Multiplexer, opening: object): Channel =>
  page.open(JSON.stringify(opening), { priority: 0, maxFrameBytes: 1_000_000 });
const framesOf = (channel: Channel): Frame[] => {
  const frames: Frame[] = [];
  creditAtOnce(channel, (frame) => void frames.push(frame));
  return frames;
};

it("[K18] opens with one ticket; documents, events and runs are channels with the parameters of their sockets", async () => {
  const { dial, served } = await start();
  const { page } = await dial("ticket=ticket-of-alice");
  const channels = [
    open(page, { kind: "document", fileId: FILE, v: 1, generation: 3 }),
    open(page, { kind: "events", since: 7 }),
    open(page, { kind: "run", executionId: RUN }),
  ];
  for (const [index, channel] of channels.entries()) {
    const frames = framesOf(channel);
    channel.send(`hello ${index}`);
    await eventually(() => expect(frames).toEqual([`hello ${index}`]));
  }
  const seen = served.map(({ kind, call }) => [kind, call.params, call.query.toString(), call.actor.name]);
  expect(seen).toEqual([
    ["collaborate", { projectId: PROJECT, fileId: FILE }, "v=1&generation=3", "alice"],
    ["projectEvents", { projectId: PROJECT }, "since=7", "alice"],
    ["executionStream", { id: RUN }, "", "alice"],
  ]);
  expect(new Set(served.map(({ call }) => call.request.id)).size).toBe(3);
});

it("[K18] sends large frames in pieces; a frame above the handler's limit closes only its channel, with 1009", async () => {
  const { dial } = await start();
  const { page } = await dial();
  const [first, second] = [open(page, { kind: "run", executionId: RUN }), open(page, { kind: "events" })];
  const frames = framesOf(first);
  first.send(Buffer.alloc(90_000, 5));
  await eventually(() => expect(frames).toHaveLength(1));
  expect(Buffer.from(frames[0] as Uint8Array).equals(Buffer.alloc(90_000, 5))).toBe(true);
  first.send(Buffer.alloc(100_001));
  expect((await first.closed).code).toBe(1009);
  const others = framesOf(second);
  second.send("still there");
  await eventually(() => expect(others).toEqual(["still there"]));
});

it("[K18] refuses a malformed opening with 4400, and counts each opening in the rate limits", async () => {
  const { dial } = await start({ points: 3 });
  const { page } = await dial();
  for (const bad of [{ kind: "terminal" }, { kind: "document" }, { kind: "events", more: 1 }])
    expect((await open(page, bad).closed).code).toBe(CLOSE.badMessage);
  const channels = Array.from({ length: 3 }, () => open(page, { kind: "events" }));
  expect((await channels[2]?.closed)?.code).toBe(CLOSE.tooFast);
  expect(channels.slice(0, 2).map((channel) => channel.isOpen)).toEqual([true, true]);
});

it("[K18] closes with its sign-in, and closes its channels", async () => {
  const bus = createInProcessBus(silentLog);
  const { dial } = await start({ bus });
  const { socket, page } = await dial();
  const channel = open(page, { kind: "events" });
  const closed = once(socket, "close") as Promise<[number]>;
  bus.publish("sign-in-ended", { signInId: actorNamed("alice").signInId });
  expect((await closed)[0]).toBe(CLOSE.signedOut);
  expect((await channel.closed).code).toBe(CLOSE.signedOut);
});

it("[K12] a channel that the server does not read blocks no other, and can send no more than its credit", async () => {
  const { dial, served } = await start();
  const { page } = await dial();
  const slow = open(page, { kind: "run", executionId: RUN });
  await eventually(() => expect(served).toHaveLength(1));
  let received = 0;
  served[0]?.call.channel.onFrame((frame) => (received += frameCost(frame)));
  const quick = open(page, { kind: "document", fileId: FILE });
  for (let count = 0; count < 100; count += 1) slow.send(Buffer.alloc(2_000));
  const frames = framesOf(quick);
  quick.send("a key");
  await eventually(() => expect(frames).toEqual(["a key"]));
  expect(slow.unsentBytes).toBeGreaterThan(160_000);
  expect(received).toBeLessThan(32 * 1024);
});
