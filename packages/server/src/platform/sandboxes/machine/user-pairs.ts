/** Host user ids for sandboxes: a pair that owns no files, one for init and one for the program. */
import { randomInt } from "node:crypto";

/** Ids of one sandbox; never shared with another that may still be alive. */
export type UserPair = { readonly init: number; readonly program: number };

// Above the ids that distributions assign (containers of systemd end at 1879048191), below those that are negative as 32-bit integers.
const firstUser = 2_000_000_000;
const pairs = 50_000_000;

/** Pairs in turn from a random position, so that a restarted server does not reuse ids of orphaned sandboxes. */
export const createUserPairs = (): (() => UserPair) => {
  let next = randomInt(pairs);
  return () => {
    next = (next + 1) % pairs;
    return { init: firstUser + 2 * next, program: firstUser + 2 * next + 1 };
  };
};
