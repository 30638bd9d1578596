/** The bytes of a connection that count as used memory. */
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createSocketBudget } from "./socket-budget.ts";

const watched = () => {
  const stream = new PassThrough();
  const seen = { exceeded: 0 };
  const budget = createSocketBudget({ totalBytes: 1_000_000, senderBytes: 300_000, freeBytes: 0 });
  const frames = budget.watch({ stream, sender: "user a", exceeded: () => void (seen.exceeded += 1) });
  return { frames, budget, seen, arrive: (bytes: number) => stream.emit("data", Buffer.alloc(bytes)) };
};

describe("the memory of a connection", () => {
  it("is not used up by pings and pongs, however many", () => {
    const { frames, seen, arrive } = watched();
    for (let at = 0; at < 10_000; at += 1) {
      arrive(131);
      frames.control(125);
    }
    arrive(250_000);
    expect(seen.exceeded).toBe(0);
  });

  it("is exceeded once by an endless frame, also in small pieces", () => {
    const { seen, arrive } = watched();
    for (let at = 0; at < 500; at += 1) arrive(1_000);
    expect(seen.exceeded).toBe(1);
  });

  it("is free again with each complete message", () => {
    const { frames, budget, seen, arrive } = watched();
    for (let at = 0; at < 100; at += 1) {
      arrive(200_000);
      expect(budget.reserve("user a", 200_000)).toBeUndefined();
      frames.complete();
      budget.reserve("user a", 200_000)?.();
    }
    expect(seen.exceeded).toBe(0);
    expect(budget.reserve("user a", 300_000)).toBeTypeOf("function");
  });
});
