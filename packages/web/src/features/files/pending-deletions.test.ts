import { describe, expect, it } from "vitest";
import { addPendingDeletion, settleDeletions, undoLastDeletion } from "./pending-deletions.ts";

/** A deletion that tells what became of it. */
const pendingAt = (path: string) => {
  const told: string[] = [];
  let isOver = false;
  const remove = addPendingDeletion({
    path,
    commit: async () => {
      if (isOver) return;
      isOver = true;
      told.push("committed");
      await Promise.resolve();
      told.push("answered");
      remove();
    },
    undo: () => {
      if (isOver) return false;
      isOver = true;
      told.push("undone");
      remove();
      return true;
    },
  });
  return told;
};

describe("pending deletions", () => {
  it("are taken back from the newest on", async () => {
    const [a, b] = [pendingAt("a"), pendingAt("b")];
    expect(undoLastDeletion()).toBe(true);
    expect([a, b]).toEqual([[], ["undone"]]);
    expect(undoLastDeletion()).toBe(true);
    expect(a).toEqual(["undone"]);
    expect(undoLastDeletion()).toBe(false);
    await settleDeletions();
    expect([a, b]).toEqual([["undone"], ["undone"]]);
  });

  it("are waited for once they are final, and then nothing is left to take back", async () => {
    const told = pendingAt("a");
    await settleDeletions();
    expect(told).toEqual(["committed", "answered"]);
    expect(undoLastDeletion()).toBe(false);
  });
});
