/** Who waits for memory for files that come back, and who goes on. */
import { describe, expect, it } from "vitest";
import { createTransferBudget } from "./transfer-budget.ts";

/** The runs that have got what they asked for, in that order. */
const open = (limits: { totalBytes: number; userBytes: number }) => {
  const budget = createTransferBudget(limits);
  const granted: string[] = [];
  const run = (name: string, bytes: number, userId = name) => {
    const part = budget.of(userId);
    void part.reserve(bytes).then((isThere) => void granted.push(isThere ? name : `not ${name}`));
    return part;
  };
  return { run, granted, budget };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("memory for files that come back", () => {
  it("[X28] runs wait in order until others have kept theirs, and small ones do not overtake", async () => {
    const { run, granted } = open({ totalBytes: 100, userBytes: 100 });
    const [first, second] = [run("first", 60), run("second", 40)];
    run("large", 50);
    run("small", 1);
    await turn();
    expect(granted).toEqual(["first", "second"]);
    second.release();
    await turn();
    expect(granted).toHaveLength(2);
    first.shrink(10);
    await turn();
    expect(granted).toEqual(["first", "second", "large", "small"]);
    first.release();
  });

  it("[X28] a user at its own bound is passed by", async () => {
    const { run, granted } = open({ totalBytes: 100, userBytes: 50 });
    const first = run("one", 50, "a");
    run("two", 1, "a");
    run("other", 50, "b");
    await turn();
    expect(granted).toEqual(["one", "other"]);
    first.release();
    await turn();
    expect(granted).toEqual(["one", "other", "two"]);
  });

  it("[X28] one that ends before there is enough takes nothing and blocks nobody, whatever it asks for later", async () => {
    const { run, granted } = open({ totalBytes: 100, userBytes: 100 });
    const first = run("first", 100);
    const waits = run("waits", 100);
    run("next", 1);
    waits.release();
    waits.release();
    expect(await waits.reserve(1)).toBe(false);
    first.release();
    await turn();
    expect(granted).toEqual(["first", "not waits", "next"]);
    run("all but one", 99);
    await turn();
    expect(granted).toHaveLength(4);
  });

  it("[X28] more than there may be is given to a run alone", async () => {
    const { run, granted } = open({ totalBytes: 10, userBytes: 10 });
    const large = run("large", 20);
    run("small", 1);
    await turn();
    expect(granted).toEqual(["large"]);
    large.release();
    await turn();
    expect(granted).toEqual(["large", "small"]);
  });
});
