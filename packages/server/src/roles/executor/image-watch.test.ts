/** A server that started before the base image was built says when it is there, and what to do. */
import { describe, expect, it } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createImageWatch } from "./image-watch.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

const open = (isBuilt: (() => Promise<boolean>) | undefined) => {
  const clock = createManualClock();
  const told: string[] = [];
  const watch = createImageWatch({ isBuilt, clock, log: silentLog, tell: (line) => void told.push(line) });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };
  return { watch, told, pass };
};

describe("watching for the base image", () => {
  it("says once that it is there and what to do, also after a look that failed", async () => {
    const answers = [async () => false, () => Promise.reject(new Error("planted")), async () => true];
    const { watch, told, pass } = open(() => (answers.shift() ?? (async () => true))());
    await watch.start(new AbortController().signal);
    await pass(5_000);
    await pass(5_000);
    expect([told, watch.hasAppeared]).toEqual([[], false]);
    await pass(5_000);
    expect(told).toEqual(["The base image is built now. Start the server again, and programs can run."]);
    expect(watch.hasAppeared).toBe(true);
    await pass(60_000);
    expect(told).toHaveLength(1);
    await watch[Symbol.asyncDispose]();
  });

  it("looks for nothing where the image was there, and no more once stopped", async () => {
    const idle = open(undefined);
    await idle.watch.start(new AbortController().signal);
    await idle.pass(60_000);
    expect(idle.told).toEqual([]);
    let looks = 0;
    const stopped = open(async () => (looks++, false));
    await stopped.watch.start(new AbortController().signal);
    await stopped.pass(5_000);
    await stopped.watch[Symbol.asyncDispose]();
    await stopped.pass(60_000);
    expect(looks).toBe(1);
  });
});
