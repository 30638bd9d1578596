/** Fences from a database sequence, in blocks: a crash skips the rest of a block, and no fence is used twice. */
import type { Sql } from "#platform/sql";
import type { FenceSource } from "../ports.ts";

/** The increment of the sequence: a process that gets a value may use all numbers up to the next one. */
const BLOCK = 1_000n;

export const createSequenceFences = (sql: Sql): FenceSource => {
  let next = 0n;
  let end = 0n;
  let fetching: Promise<void> | undefined;

  const fetchBlock = async (): Promise<void> => {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ fence: number }>("select nextval('home_fence') as fence", []),
    );
    const fence = rows[0]?.fence;
    if (fence === undefined) throw new Error("The sequence returned no fence.");
    next = BigInt(fence);
    end = next + BLOCK;
  };

  return {
    async next() {
      while (next === end) {
        fetching ??= fetchBlock().finally(() => (fetching = undefined));
        await fetching;
      }
      const fence = next;
      next += 1n;
      return fence;
    },
  };
};
