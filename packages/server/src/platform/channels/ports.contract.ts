/** The contract suite of Channel; each adapter's test calls it. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { type Channel, type Frame, frameBytes, frameCost, type Reserve, START_CREDIT_BYTES } from "./ports.ts";

export type ChannelPair = {
  readonly near: Channel;
  readonly far: Channel;
  /** The largest number of bytes beyond the credit: an adapter may stop reading only after the current frame. */
  readonly overrunBytes: number;
};

const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> => vi.waitFor(attempt, { timeout: 20_000 });

const collect = (channel: Channel, how: { readonly credits: boolean }): Frame[] => {
  const frames: Frame[] = [];
  channel.onFrame((frame) => {
    frames.push(typeof frame === "string" ? frame : Buffer.from(frame));
    if (how.credits) channel.credit(frameCost(frame));
  });
  return frames;
};
const costOf = (frames: readonly Frame[]): number => frames.reduce((sum, frame) => sum + frameCost(frame), 0);

/** @param open a new pair; frames that wait at `near` count in `reserve` */
export const describeChannel = (name: string, open: (reserve: Reserve) => Promise<ChannelPair>): void => {
  const openFree = (): Promise<ChannelPair> => open(() => () => undefined);

  describe(`Channel: ${name}`, () => {
    test("[K1] frames arrive whole, in order, binary or text as they were sent, in both directions", async () => {
      const { near, far } = await openFree();
      const [atNear, atFar] = [collect(near, { credits: true }), collect(far, { credits: true })];
      const large = Buffer.alloc(1_000_000, 7);
      const sent: Frame[] = [Buffer.from("one"), "zwei äöü", Buffer.alloc(0), "", large, "t".repeat(100_000), "end"];
      for (const frame of sent) {
        near.send(frame);
        far.send(frame);
      }
      await eventually(() => expect([atNear.length, atFar.length]).toEqual([sent.length, sent.length]));
      for (const got of [atNear, atFar])
        for (const [index, frame] of got.entries()) {
          expect(typeof frame).toBe(typeof sent[index]);
          expect(Buffer.from(frame as string).equals(Buffer.from(sent[index] as string))).toBe(true);
        }
    });

    test("[K2] frames wait while there is no handler: before the first one, and after it was removed", async () => {
      const { near, far } = await openFree();
      for (const text of ["a", "b", "c"]) far.send(text);
      await delay(20);
      const got: Frame[] = [];
      near.onFrame((frame) => {
        got.push(frame);
        near.credit(frameCost(frame));
        if (frame === "b") near.onFrame(undefined);
      });
      await eventually(() => expect(got).toEqual(["a", "b"]));
      far.send("d");
      await delay(20);
      expect(got).toEqual(["a", "b"]);
      near.onFrame((frame) => void got.push(frame));
      await eventually(() => expect(got).toEqual(["a", "b", "c", "d"]));
    });

    test("[K3] a sender without credit stops, whether or not there is a handler, and continues with credit", async () => {
      for (const hasHandler of [true, false]) {
        const { near, far, overrunBytes } = await openFree();
        const got: Frame[] = [];
        if (hasHandler) near.onFrame((frame) => void got.push(frame));
        const frame = Buffer.alloc(4_000);
        for (let count = 0; count < 1_000; count += 1) far.send(frame);
        await delay(50);
        if (!hasHandler) near.onFrame((each) => void got.push(each));
        const most = START_CREDIT_BYTES + frameCost(frame) + overrunBytes;
        expect(costOf(got)).toBeGreaterThanOrEqual(START_CREDIT_BYTES - frameCost(frame));
        expect(costOf(got)).toBeLessThanOrEqual(most);
        const { length } = got;
        near.credit(costOf(got));
        await eventually(() => expect(got.length).toBeGreaterThan(length));
        near.onFrame((each) => {
          got.push(each);
          near.credit(frameCost(each));
        });
        near.credit(costOf(got));
        await eventually(() => expect(got.length).toBe(1_000));
        await eventually(() => expect(far.unsentBytes).toBe(0));
      }
    });

    test("[K4] a larger window lets more frames through without credit", async () => {
      const { near, far } = await openFree();
      const got: Frame[] = [];
      near.onFrame((frame) => void got.push(frame), 500_000);
      for (let count = 0; count < 100; count += 1) far.send(Buffer.alloc(4_000));
      await eventually(() => expect(got.length).toBe(100));
    });

    test("[K5] the credit of the two directions is separate", async () => {
      const { near, far } = await openFree();
      near.onFrame(() => undefined);
      for (let count = 0; count < 100; count += 1) far.send(Buffer.alloc(4_000));
      await delay(20);
      const got = collect(far, { credits: true });
      for (let count = 0; count < 100; count += 1) near.send(Buffer.alloc(4_000));
      await eventually(() => expect(got.length).toBe(100));
    });

    test("[K6] onSent is called when fewer bytes are unsent", async () => {
      const { near, far } = await openFree();
      let sent = 0;
      near.onSent(() => (sent += 1));
      // Without a handler the far side is not read any further, so that in the end something waits.
      let count = 0;
      for (; near.unsentBytes === 0 && count < 10_000; count += 1) {
        near.send(Buffer.alloc(8_000));
        if (count % 50 === 49) await delay(1);
      }
      expect(near.unsentBytes).toBeGreaterThan(0);
      const before = sent;
      near.send(Buffer.alloc(8_000));
      const got = collect(far, { credits: true });
      await eventually(() => expect(got.length).toBe(count + 1));
      await eventually(() => expect(near.unsentBytes).toBe(0));
      await eventually(() => expect(sent).toBeGreaterThan(before));
    });

    test("[K7] a close sends code and reason to the other side; no frame is received or sent after it", async () => {
      for (const closer of ["near", "far"] as const) {
        const pair = await openFree();
        const [mine, other] = closer === "near" ? [pair.near, pair.far] : [pair.far, pair.near];
        const got = collect(mine, { credits: true });
        other.send("before");
        await eventually(() => expect(got).toEqual(["before"]));
        mine.close(4403, "rights were taken away");
        mine.close(4400, "second");
        expect(mine.isOpen).toBe(false);
        other.send("late");
        mine.send("late");
        mine.credit(1_000);
        expect(await other.closed).toEqual({ code: 4403, reason: "rights were taken away" });
        expect((await mine.closed).code).toBe(4403);
        expect(other.isOpen).toBe(false);
        other.send("later");
        other.close(1000, "");
        await delay(10);
        expect(got).toEqual(["before"]);
      }
    });

    test("[K8] a close with 1000 comes after all sent frames, also with a slow reader", async () => {
      const { near, far } = await openFree();
      for (let count = 0; count < 200; count += 1) near.send(Buffer.alloc(16_000));
      near.close(1000, "ended");
      expect(near.isOpen).toBe(false);
      await delay(20);
      const got = collect(far, { credits: true });
      expect(await far.closed).toEqual({ code: 1000, reason: "ended" });
      expect(got.reduce((sum, frame) => sum + frameBytes(frame), 0)).toBe(200 * 16_000);
      expect((await near.closed).code).toBe(1000);
    });

    test("[K9] waiting frames count in a budget until their credit or the end of the channel; when it is used up, the code is 1013", async () => {
      let reserved = 0;
      const reserve: Reserve = (bytes) => {
        if (reserved + bytes > 12_000) return undefined;
        reserved += bytes;
        return () => void (reserved -= bytes);
      };
      const { near, far } = await open(reserve);
      far.send(Buffer.alloc(5_000));
      await eventually(() => expect(reserved).toBeGreaterThanOrEqual(5_000));
      near.onFrame(() => undefined);
      near.credit(5_000 + frameCost(""));
      await eventually(() => expect(reserved).toBe(0));
      for (let count = 0; count < 3; count += 1) far.send(Buffer.alloc(4_500));
      expect((await far.closed).code).toBe(1013);
      await near.closed;
      expect(reserved).toBe(0);
    });

    test("[K10] a close reaches both sides while the peer has no credit", async () => {
      const { near, far } = await openFree();
      for (let count = 0; count < 100; count += 1) far.send(Buffer.alloc(16_000));
      await delay(20);
      near.close(4401, "signed out");
      expect(await far.closed).toEqual({ code: 4401, reason: "signed out" });
      await near.closed;
    });
  });
};
