/** Limits of one connection of a live document: sizes, rates, and bytes in its send queue. */
import type { Allowance } from "./rate-limit.ts";

export type ConnectionLimits = {
  /** A single update, in bytes. */
  readonly maxUpdateBytes: number;
  readonly messages: Allowance;
  readonly bytes: Allowance;
  /** Bytes of its own awareness states. */
  readonly awarenessBytes: Allowance;
  /** Cost of the received frames that may wait to be processed: the window of the channel. */
  readonly windowBytes: number;
  /** Bytes that may wait for a slow reader. */
  readonly maxUnreadBytes: number;
};

export const CONNECTION_LIMITS: ConnectionLimits = {
  maxUpdateBytes: 8 * 1024 * 1024,
  messages: { burst: 20_000, perSecond: 1_000 },
  bytes: { burst: 64 * 1024 * 1024, perSecond: 4 * 1024 * 1024 },
  awarenessBytes: { burst: 512 * 1024, perSecond: 64 * 1024 },
  windowBytes: 1024 * 1024,
  maxUnreadBytes: 1024 * 1024,
};
