/**
 * How much memory the messages of open sockets may take before their module has dealt with them: frames that are not
 * complete yet, and messages that wait. Without a common budget, 500 sockets of one user could each keep the largest frame.
 */
import type { Duplex } from "node:stream";
import { type BodyBudgetLimits, createBodyBudget } from "./body-budget.ts";

export const SOCKET_BUDGET: BodyBudgetLimits = {
  totalBytes: 256 * 1024 * 1024,
  senderBytes: 64 * 1024 * 1024,
  // Every message counts: many small ones are as large as a large one.
  freeBytes: 0,
};

/** Bytes of a frame that is not complete are counted in steps of this size; the first step is free. */
const STEP_BYTES = 64 * 1024;
/** Header and mask of a control frame from a client. */
const CONTROL_FRAME_BYTES = 6;

export type SocketBudget = {
  /**
   * Reserves memory for bytes of a message that has to wait.
   * @param sender `user <id>`, or `address <address>` where nobody is signed in
   * @returns the release; undefined when this sender, or all senders together, have too much waiting
   */
  reserve(sender: string, bytes: number): (() => void) | undefined;
  /** Counts what arrives on a connection until `complete` is called. `exceeded` is called once, when there is no room. */
  watch(connection: { readonly stream: Duplex; readonly sender: string; readonly exceeded: () => void }): {
    /** The frames so far are complete messages, which their module has. */
    complete(): void;
    /** A ping or pong with so many bytes of payload was among what arrived: it takes no memory. */
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
      // Before the parser of the WebSocket, which tells of messages while it handles the same event.
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
