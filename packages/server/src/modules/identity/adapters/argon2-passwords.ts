/** Passwords hashed with Argon2id at the strength OWASP recommends, a few at a time. */
import { Problem } from "#kernel/problem";
import { hash, verify } from "@node-rs/argon2";
import type { Passwords } from "../ports.ts";

const STRENGTH = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Hashing uses the same thread pool as the file system, so only a part of it may be used. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 200;

export const createArgon2Passwords = (): Passwords => {
  const waiting: (() => void)[] = [];
  let running = 0;
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING)
        throw new Problem("server/unavailable", "Too many people are signing in at once.");
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
  return {
    hash: (password) => inTurn(() => hash(password, STRENGTH)),
    verify: (hashed, password) => inTurn(() => verify(hashed, password)),
  };
};
