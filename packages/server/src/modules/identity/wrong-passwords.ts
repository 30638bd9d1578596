/** Limits guessing: after five wrong passwords for an account from one address each further attempt is delayed longer. */
import type { Clock } from "#kernel/clock";
import { tooManyWrongPasswords } from "./errors.ts";

const FREE_TRIES = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const FORGET_AFTER_MS = 15 * 60_000;
const MAX_KEYS = 50_000;

type Tries = { count: number; waitUntilMs: number; lastMs: number };

export type WrongPasswords = {
  /**
   * Counts an attempt before its result is known, so that concurrent attempts can't evade the limit.
   * @returns a function to call when the password was right
   * @throws Problem request/rate-limited during a delay
   */
  begin(account: string, address: string): () => void;
};

export const createWrongPasswords = (clock: Clock): WrongPasswords => {
  const tries = new Map<string, Tries>();
  const forgetOld = (nowMs: number): void => {
    for (const [key, entry] of tries) {
      if (tries.size <= MAX_KEYS && nowMs - entry.lastMs < FORGET_AFTER_MS) return;
      tries.delete(key);
    }
  };
  return {
    begin(account, address) {
      const nowMs = clock.now();
      const key = `${address} ${account}`;
      forgetOld(nowMs);
      const entry = tries.get(key) ?? { count: 0, waitUntilMs: 0, lastMs: nowMs };
      if (nowMs < entry.waitUntilMs) throw tooManyWrongPasswords((entry.waitUntilMs - nowMs) / 1000);
      entry.count += 1;
      entry.lastMs = nowMs;
      const beyond = entry.count - FREE_TRIES;
      if (beyond >= 0) entry.waitUntilMs = nowMs + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** beyond);
      // Insertion order is by the last attempt, so that the oldest are evicted first.
      tries.delete(key);
      tries.set(key, entry);
      return () => void tries.delete(key);
    },
  };
};
