import { describe, expect, it } from "vitest";
import { createFairTurns } from "./fair-turns.ts";

const turnsOf = (...keys: string[]) => {
  const turns = createFairTurns<{ key: string }>();
  for (const key of keys) turns.add({ key });
  return turns;
};
/** Takes everything; each piece costs its project `costMs`. */
const served = (turns: ReturnType<typeof turnsOf>, costMs: (key: string) => number = () => 1): string[] => {
  const keys: string[] = [];
  for (let piece = turns.take(); piece !== undefined; piece = turns.take()) {
    keys.push(piece.key);
    turns.charge(piece.key, costMs(piece.key));
  }
  return keys;
};

describe("[C46] turns", () => {
  it("go from project to project, and in a project from document to document", () => {
    const turns = turnsOf("a/1", "a/1", "a/2", "a/3", "b/1", "b/1");
    expect(served(turns)).toEqual(["a/1", "b/1", "a/2", "b/1", "a/3", "a/1"]);
    expect(turns.isEmpty).toBe(true);
  });

  it("are fewer for a project whose work takes longer", () => {
    const turns = turnsOf("a/1", "a/2", "a/3", ...Array.from({ length: 6 }, (_, n) => `b/${n}`));
    const order = served(turns, (key) => (key.startsWith("a/") ? 3 : 1)).map((key) => key[0]);
    expect(order.join("")).toBe("abbbabbba");
  });

  it("are not saved up by a project that had nothing to do, and one that comes back is served soon", () => {
    const turns = turnsOf("a/1", "a/2", "a/3");
    served(turns, () => 100);
    for (const key of ["a/1", "b/1", "b/2", "b/3", "a/2"]) turns.add({ key });
    const order = served(turns, () => 100);
    expect(order.slice(0, 3)).toContain("a/1");
    expect(order.slice(0, 2)).toContain("b/1");
  });

  it("remember no project that has nothing ahead of the others", () => {
    const turns = turnsOf(...Array.from({ length: 5_000 }, (_, n) => `p${n}/x`));
    expect(new Set(served(turns)).size).toBe(5_000);
    for (const key of ["new/1", "p0/x"]) turns.add({ key });
    expect(served(turns)).toHaveLength(2);
  });

  it("can be taken from one document at once", () => {
    const turns = turnsOf("a/1", "a/2", "a/1", "");
    expect(turns.takeAll("a/1")).toHaveLength(2);
    expect(turns.takeAll("a/9")).toEqual([]);
    expect(served(turns).toSorted()).toEqual(["", "a/2"]);
  });
});
