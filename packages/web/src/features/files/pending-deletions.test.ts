import { describe, expect, it } from "vitest";
import { createPendingDeletions, type PendingDeletions } from "./pending-deletions.ts";

/** A deletion that tells what became of it. */
const pendingAt = (deletions: PendingDeletions, path: string) => {
  const told: string[] = [];
  let isOver = false;
  const remove = deletions.add({
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
    const deletions = createPendingDeletions();
    const [a, b] = [pendingAt(deletions, "a"), pendingAt(deletions, "b")];
    expect(deletions.undoLast()).toBe(true);
    expect([a, b]).toEqual([[], ["undone"]]);
    expect(deletions.undoLast()).toBe(true);
    expect(a).toEqual(["undone"]);
    expect(deletions.undoLast()).toBe(false);
    await deletions.settle();
    expect([a, b]).toEqual([["undone"], ["undone"]]);
  });

  it("are waited for once they are final, and then nothing is left to take back", async () => {
    const deletions = createPendingDeletions();
    const told = pendingAt(deletions, "a");
    await deletions.settle();
    expect(told).toEqual(["committed", "answered"]);
    expect(deletions.undoLast()).toBe(false);
  });
});
