import {
  CHANNEL_FRAME,
  CLOSE,
  decodeChannelFrame,
  encodeChannelFrame,
  encodeCredit,
  MAX_CHANNEL_FRAME_BYTES,
  MIN_CHANNEL_PIECE_BYTES,
} from "@atelier/contracts";
import { describe, expect, test } from "vitest";
import { createManualClock, systemClock } from "#kernel/clock";
import { createMemoryChannels } from "./adapters/memory-channel.ts";
import { type Acceptance, createMultiplexer, type MultiplexerOptions } from "./multiplexer.ts";
import type { ChannelTraits } from "./multiplexed-channel.ts";
import { describeChannel } from "./ports.contract.ts";
import { type Channel, type Frame, frameCost, START_CREDIT_BYTES } from "./ports.ts";

/** Above the carrier's limit of queued bytes. */
const MAX_WAITING_BYTES = 64 * 1024;

const traits: ChannelTraits = { priority: 2, maxFrameBytes: 2_000_000 };

const openPair = (changes: Partial<MultiplexerOptions> = {}) => {
  const [dialer, listener] = createMemoryChannels();
  const served: Channel[] = [];
  const openings: string[] = [];
  const far = createMultiplexer({ carrier: dialer, clock: systemClock, reserve: () => () => undefined });
  const near = createMultiplexer({
    carrier: listener,
    clock: systemClock,
    reserve: () => () => undefined,
    accept: (opening): Acceptance => {
      openings.push(opening);
      return { traits, serve: (channel) => void served.push(channel) };
    },
    ...changes,
  });
  return { dialer, listener, far, near, served, openings };
};

describeChannel("multiplexed", async (reserve) => {
  const { far, served } = openPair({ reserve });
  const channel = far.open("{}", traits);
  const [near] = served;
  if (near === undefined) throw new Error("not served");
  return { near, far: channel, overrunBytes: MAX_CHANNEL_FRAME_BYTES };
});

/** A peer that sends raw frames. */
const openRaw = (changes: Partial<MultiplexerOptions> = {}) => {
  const [dialer, listener] = createMemoryChannels();
  const served: Channel[] = [];
  const frames: { channel: number; type: number; bytes: number }[] = [];
  const multiplexer = createMultiplexer({
    carrier: listener,
    clock: systemClock,
    reserve: () => () => undefined,
    accept: (opening): Acceptance => ({
      traits: { ...traits, ...(JSON.parse(opening) as Partial<ChannelTraits>) },
      serve: (channel) => void served.push(channel),
    }),
    ...changes,
  });
  dialer.onFrame((frame) => {
    expect((frame as Uint8Array).byteLength).toBeLessThanOrEqual(MAX_CHANNEL_FRAME_BYTES);
    const decoded = decodeChannelFrame(frame as Uint8Array);
    if (decoded === undefined) throw new Error("not a frame");
    frames.push({ channel: decoded.channel, type: decoded.type, bytes: decoded.payload.byteLength });
    dialer.credit(frameCost(frame));
  });
  const say = (channel: number, type: number, payload: Uint8Array | string = ""): void =>
    dialer.send(encodeChannelFrame({ channel, type: type as 0, payload: Buffer.from(payload as string) }));
  return { dialer, listener, multiplexer, served, frames, say };
};

describe("the multiplexer", () => {
  test("[K11] opens channels with their openings, and closes them independently", async () => {
    const { far, near, served, openings } = openPair();
    const [first, second] = [far.open('{"a":1}', traits), far.open('{"b":2}', traits)];
    expect(openings).toEqual(['{"a":1}', '{"b":2}']);
    served[0]?.close(4404, "no such file");
    expect(await first.closed).toEqual({ code: 4404, reason: "no such file" });
    expect(near.size).toBe(1);
    const got: Frame[] = [];
    served[1]?.onFrame((frame) => void got.push(frame));
    second.send("still there");
    expect(got).toEqual(["still there"]);
    second.close(1000, "");
    expect([near.size, far.size]).toEqual([0, 0]);
  });

  test("[K11] all channels end with their carrier", async () => {
    const { far, dialer, served } = openPair();
    const channel = far.open("{}", traits);
    dialer.close(CLOSE.moving, "moving");
    expect((await channel.closed).code).toBe(CLOSE.moving);
    expect((await served[0]?.closed)?.code).toBe(CLOSE.moving);
  });

  test("[K26] a ping is answered before all queued frames, unless the peer does not read", () => {
    const { dialer, frames, say, served } = openRaw();
    say(1, CHANNEL_FRAME.open, "{}");
    for (let count = 0; count < 50; count += 1) served[0]?.send(Buffer.alloc(100_000));
    say(0, CHANNEL_FRAME.ping);
    expect(frames.at(-1)).toEqual({ channel: 0, type: CHANNEL_FRAME.pong, bytes: 0 });
    expect(dialer.isOpen).toBe(true);
    const reads = openRaw();
    reads.dialer.onFrame(undefined);
    for (let count = 0; count < 100_000; count += 1) reads.say(0, CHANNEL_FRAME.ping);
    expect(reads.listener.unsentBytes).toBeLessThan(MAX_WAITING_BYTES);
    expect(reads.dialer.isOpen).toBe(true);
  });

  test.each([
    ["refused", { code: CLOSE.badMessage, reason: "not an opening" }],
    ["closed at once", undefined],
  ])("[K33] openings that are %s fill no memory for a peer that does not read", async (_, refuse) => {
    const MAX = 100_000;
    const serve = (channel: Channel): void => channel.close(CLOSE.notFound, "no such file");
    const accept = (): Acceptance => (refuse === undefined ? { traits, serve } : { refuse });
    const { dialer, listener, say } = openRaw({ accept, maxUnsentBytes: MAX });
    dialer.onFrame(undefined);
    let most = 0;
    for (let number = 1; number <= 20_000 && listener.isOpen; number += 1) {
      say(number, CHANNEL_FRAME.open, "{");
      most = Math.max(most, listener.unsentBytes);
    }
    expect(most).toBeGreaterThan(MAX / 2);
    expect(most).toBeLessThan(MAX + 1_000);
    expect((await dialer.closed).code).toBe(CLOSE.overloaded);
  });

  test("[K1] one frame sent in several channels arrives in each, after the frames that are queued there", async () => {
    const { far, served } = openPair();
    const shared = Buffer.from("shared");
    const channels = [far.open("{}", traits), far.open("{}", traits), far.open("{}", traits)];
    const got = served.map((channel) => {
      const frames: string[] = [];
      channel.onFrame((frame) => {
        frames.push(
          Buffer.from(frame as Uint8Array)
            .toString()
            .slice(0, 6),
        );
        channel.credit(frameCost(frame));
      });
      return frames;
    });
    // The second channel has no credit for all of these frames: later ones must not overtake them.
    for (const letter of ["a", "b"]) channels[1]?.send(Buffer.alloc(40_000, letter));
    for (const channel of channels) channel.send(shared);
    for (const channel of channels) channel.send(Buffer.from("last"));
    for (const channel of channels) channel.send(shared);
    await Promise.resolve();
    const end = ["shared", "last", "shared"];
    expect(got).toEqual([end, ["aaaaaa", "bbbbbb", ...end], end]);
  });

  test("[K14] a ping with a payload, or in a channel, is a protocol error", async () => {
    for (const bytes of [
      [0, 6, 1],
      [1, 6],
      [0, 1],
    ]) {
      const { dialer } = openRaw();
      dialer.send(Uint8Array.from(bytes));
      expect((await dialer.closed).code).toBe(CLOSE.badMessage);
    }
  });

  test("[K12] a channel whose reader gives no credit blocks no other; frames are at most 16 KiB on the carrier", async () => {
    const { served, frames, say } = openRaw();
    say(1, CHANNEL_FRAME.open, '{"priority":2}');
    say(2, CHANNEL_FRAME.open, '{"priority":0}');
    for (let count = 0; count < 50; count += 1) served[0]?.send(Buffer.alloc(100_000));
    const stalled = frames.filter(({ channel }) => channel === 1);
    expect(stalled.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(
      START_CREDIT_BYTES + MIN_CHANNEL_PIECE_BYTES,
    );
    served[1]?.send("a key");
    expect(frames.at(-1)).toEqual({ channel: 2, type: CHANNEL_FRAME.text, bytes: 5 });
    expect(served[0]?.unsentBytes).toBeGreaterThan(4_900_000);
  });

  test("[K13] when the carrier is full the lower priority number is sent first, and equal priorities take turns", async () => {
    const { dialer, served, frames, say } = openRaw();
    for (const [index, priority] of [2, 2, 1, 0].entries()) {
      say(index + 1, CHANNEL_FRAME.open, JSON.stringify({ priority }));
      say(index + 1, CHANNEL_FRAME.credit, encodeCredit(1_000_000));
    }
    // The carrier sends nothing until its reader gives credit.
    const waiting: Frame[] = [];
    dialer.onFrame((frame) => void waiting.push(frame));
    for (const channel of served) for (let count = 0; count < 8; count += 1) channel.send(Buffer.alloc(16_000));
    frames.length = 0;
    const order: number[] = [];
    const note = (frame: Frame): void => {
      order.push(decodeChannelFrame(frame as Uint8Array)?.channel ?? 0);
      dialer.credit(frameCost(frame));
    };
    dialer.onFrame(note);
    for (const frame of waiting) note(frame);
    expect(order).toHaveLength(32);
    // Some pieces of the first channel are queued in the carrier already; after them come documents, events, then the others in turn.
    const last = order.slice(4);
    expect(last.lastIndexOf(4)).toBeLessThan(last.indexOf(3));
    expect(last.lastIndexOf(3)).toBeLessThan(last.findIndex((channel) => channel < 3));
    const rest = last.filter((channel) => channel < 3);
    expect(new Set(rest.slice(0, 2)).size).toBe(2);
  });

  test.each([
    ["no frame", Buffer.from([0])],
    ["an unknown type", Buffer.from([1, 6])],
    ["text", "text"],
    ["a channel that was never opened", Buffer.from([9, 1, 1])],
    ["a number used twice", Buffer.from([1, 0, 123, 125])],
    ["a malformed credit", Buffer.from([1, 2, 1, 1])],
    ["a close without a code", Buffer.from([1, 3])],
    ["a tiny piece", Buffer.from([1, 5, 1])],
    ["a frame above 16 KiB", Buffer.alloc(MAX_CHANNEL_FRAME_BYTES + 1, 1)],
  ])("[K14] %s ends the carrier with 4400", async (_name, bytes) => {
    const { dialer, say, multiplexer } = openRaw();
    say(1, CHANNEL_FRAME.open, "{}");
    dialer.send(bytes);
    expect((await dialer.closed).code).toBe(CLOSE.badMessage);
    await Promise.resolve();
    expect(multiplexer.size).toBe(0);
  });

  test("[K14] a sender without credit ends the carrier with 4400", async () => {
    const { dialer, say } = openRaw();
    say(1, CHANNEL_FRAME.open, "{}");
    for (let count = 0; count < 3; count += 1) say(1, CHANNEL_FRAME.data, Buffer.alloc(10_000));
    expect((await dialer.closed).code).toBe(CLOSE.badMessage);
  });

  test("[K15] pieces of a frame count in the budget until it is complete, and a frame above the limit closes its channel with 1009", async () => {
    let reserved = 0;
    const { say, served, frames } = openRaw({
      reserve: (bytes) => {
        reserved += bytes;
        return () => void (reserved -= bytes);
      },
    });
    say(1, CHANNEL_FRAME.open, '{"maxFrameBytes":50000}');
    served[0]?.onFrame((frame) => served[0]?.credit(frameCost(frame)));
    say(1, CHANNEL_FRAME.more, Buffer.alloc(16_000));
    say(1, CHANNEL_FRAME.more, Buffer.alloc(16_000));
    expect(reserved).toBe(32_000);
    say(1, CHANNEL_FRAME.data, Buffer.alloc(10));
    expect(reserved).toBe(0);
    for (let count = 0; count < 3; count += 1) say(1, CHANNEL_FRAME.more, Buffer.alloc(16_000));
    expect(served[0]?.isOpen).toBe(true);
    // The last piece exceeds the limit.
    say(1, CHANNEL_FRAME.data, Buffer.alloc(2_001));
    expect((await served[0]?.closed)?.code).toBe(1009);
    expect(frames.at(-1)).toMatchObject({ channel: 1, type: CHANNEL_FRAME.close });
    expect(reserved).toBe(0);
  });

  test("[K8] a close with 1000 waits a limited time for a peer that gives no credit", async () => {
    const clock = createManualClock();
    const { say, served, frames } = openRaw({ clock });
    say(1, CHANNEL_FRAME.open, "{}");
    served[0]?.send(Buffer.alloc(100_000));
    served[0]?.close(1000, "ended");
    clock.advance(29_000);
    say(1, CHANNEL_FRAME.credit, encodeCredit(20_000));
    clock.advance(29_000);
    expect(frames.some(({ type }) => type === CHANNEL_FRAME.close)).toBe(false);
    clock.advance(1_000);
    expect(frames.at(-1)).toMatchObject({ type: CHANNEL_FRAME.close });
    expect((await served[0]?.closed)?.code).toBe(1000);
  });

  test("[K16] a peer opens a limited number of channels at once", () => {
    const { say, served, frames } = openRaw();
    for (let number = 1; number <= 257; number += 1) say(number, CHANNEL_FRAME.open, "{}");
    expect(served).toHaveLength(256);
    expect(frames.at(-1)).toMatchObject({ channel: 257, type: CHANNEL_FRAME.close });
  });
});
