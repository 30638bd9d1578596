/** What every Leases does; each adapter's test calls this. */
import { describe, expect, test } from "vitest";
import type { Leases } from "./ports.ts";

/** @param restart a new instance on the same state, as after the process was killed. */
export const describeLeases = (
  name: string,
  open: () => Promise<{ leases: Leases; restart: () => Promise<Leases>; pass: (ms: number) => Promise<void> }>,
): void => {
  describe(`Leases: ${name}`, () => {
    test("[L1] one holder at a time, in the order of asking, with growing fences", async () => {
      const { leases } = await open();
      const order: number[] = [];
      const fences: bigint[] = [];
      let holders = 0;
      await Promise.all(
        [0, 1, 2, 3].map(async (index) => {
          const lease = await leases.acquire("a", { waitMs: 60_000 });
          expect(++holders).toBe(1);
          order.push(index);
          fences.push(lease.fence);
          await new Promise((resolve) => setImmediate(resolve));
          holders--;
          await lease.release();
        }),
      );
      expect(order).toEqual([0, 1, 2, 3]);
      expect(fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? fence))).toBe(true);
    });

    test("[L2] names do not wait for each other; releasing twice does nothing", async () => {
      const { leases } = await open();
      const a = await leases.acquire("a", { waitMs: 0 });
      const b = await leases.acquire("b", { waitMs: 0 });
      await a.release();
      await a.release();
      expect(a.lost.aborted).toBe(true);
      expect(b.lost.aborted).toBe(false);
      const again = await leases.acquire("a", { waitMs: 0 });
      await again.release();
      await b.release();
    });

    test("[L3] who waits too long is told, and its place is given up", async () => {
      const { leases, pass } = await open();
      const held = await leases.acquire("a", { waitMs: 0 });
      const late = leases.acquire("a", { waitMs: 100 }).then(
        () => "held",
        (error: Error) => error.name,
      );
      const patient = leases.acquire("a", { waitMs: 60_000 });
      await pass(200);
      expect(await late).toBe("LeaseTimeout");
      await held.release();
      expect((await patient).fence > held.fence).toBe(true);
      await (await patient).release();
    });

    test("[L4] fences go on growing after a restart", async () => {
      const { leases, restart } = await open();
      const before = await leases.acquire("a", { waitMs: 0 });
      const after = await (await restart()).acquire("a", { waitMs: 0 });
      expect(after.fence > before.fence).toBe(true);
    });
  });
};
