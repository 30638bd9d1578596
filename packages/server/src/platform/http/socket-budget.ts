/**
 * Limits the memory of messages on open sockets that their module has not handled yet: incomplete frames, and queued messages. Without
 * a common budget, 500 sockets of one user could each buffer the largest frame.
 */
import type { Duplex } from "node:stream";
import { type BodyBudgetLimits, createBodyBudget } from "./body-budget.ts";

export const SOCKET_BUDGET: BodyBudgetLimits = {
  totalBytes: 256 * 1024 * 1024,
  senderBytes: 64 * 1024 * 1024,
  // Small messages count too: many of them use as much memory as a large one.
  freeBytes: 0,
};

/** Bytes of an incomplete frame are counted in steps of this size; the first step is free. */
const STEP_BYTES = 64 * 1024;
/** Header and mask of a client's control frame. */
const CONTROL_FRAME_BYTES = 6;

export type SocketBudget = {
  /**
   * Reserves memory for a message that has to wait.
   * @param sender `user <id>`, or `address <address>` where nobody is signed in
   * @returns a function that releases it; undefined when the messages of this sender, or of all senders, use too much
   */
  reserve(sender: string, bytes: number): (() => void) | undefined;
  /** Counts the bytes that arrive on a connection until `complete` is called. `exceeded` is called once, when the budget is used up. */
  watch(connection: { readonly stream: Duplex; readonly sender: string; readonly exceeded: () => void }): {
    /** Called when all frames so far are complete messages that were passed to the module. */
    complete(): void;
    /** Called for a ping or pong with so many bytes of payload: it uses no memory. */
    control(payloadBytes: number): void;
  };
};

export const createSocketBudget = (limits: BodyBudgetLimits = SOCKET_BUDGET): SocketBudget => {
  const budget = createBodyBudget(limits);
  const reserve = (sender: string, bytes: number): (() => void) | undefined => {
    try {
      return budget.take(sender, bytes);
    } catch {
      return undefined;
    }
  };
  return {
    reserve,
    watch({ stream, sender, exceeded }) {
      let unfinished = 0;
      let reserved = 0;
      const releases: (() => void)[] = [];
      const complete = (): void => {
        unfinished = 0;
        if (reserved === 0) return;
        reserved = 0;
        for (const release of releases.splice(0)) release();
      };
      const count = (chunk: Buffer): void => {
        unfinished += chunk.byteLength;
        while (unfinished - reserved > STEP_BYTES) {
          const release = reserve(sender, STEP_BYTES);
          if (release === undefined) {
            stream.off("data", count);
            exceeded();
            return;
          }
          releases.push(release);
          reserved += STEP_BYTES;
        }
      };
      // Registered before the parser of `ws`, which reports messages in the same event.
      stream.prependListener("data", count);
      stream.once("close", complete);
      return {
        complete,
        control: (payloadBytes) => {
          unfinished = Math.max(0, unfinished - payloadBytes - CONTROL_FRAME_BYTES);
        },
      };
    },
  };
};
