/** Computes what the page says about the user's edits. */
import type { DocumentFacts } from "@atelier/contracts";

/** Where the reader's edits are. `changes` counts edits that no server has confirmed. */
export type SaveState =
  | { kind: "saved" }
  | { kind: "saving" }
  | { kind: "unsaved-on-device"; changes: number }
  | { kind: "offline"; changes: number }
  | { kind: "read-only"; reason: ReadOnlyReason };

/** `opening`: the text is still on its way; `unreachable`: it was never here, and the server is away. */
export type ReadOnlyReason =
  | NonNullable<DocumentFacts["reason"]>
  | "signed-out"
  | "rights-taken"
  | "not-found"
  | "opening"
  | "unreachable";

export interface SaveFacts {
  /** Set when nothing may be written. */
  readOnly: ReadOnlyReason | undefined;
  connected: boolean;
  /** Milliseconds since the connection was lost (or first wanted). */
  disconnectedMs: number;
  unconfirmed: number;
  /** Milliseconds since the oldest unconfirmed edit. */
  oldestMs: number;
  /** Milliseconds since the last edit was confirmed; Infinity if none ever was. */
  calmMs: number;
  /** False while the server confirms nothing. */
  durable: boolean;
  /** Whether unconfirmed edits are kept on this device. */
  kept: boolean;
}

/**
 * "Saved" is said this long after the last edit was confirmed. Each key is confirmed before the next one comes: said at
 * once, it would alternate with "Saving…" at every key; said before, it would not be true.
 */
export const SETTLED_MS = 500;
/** Shorter interruptions are not shown. */
export const QUIET_INTERRUPTION_MS = 1_500;
/** After this "Saving…" would hide that something is wrong. */
export const SLOW_SAVE_MS = 4_000;

export function saveStateOf(facts: SaveFacts): SaveState {
  if (facts.readOnly) return { kind: "read-only", reason: facts.readOnly };
  const changes = facts.unconfirmed;
  const calm: SaveState = changes === 0 && facts.calmMs >= SETTLED_MS ? { kind: "saved" } : { kind: "saving" };
  if (facts.connected) {
    const slow = changes > 0 && (!facts.durable || facts.oldestMs >= SLOW_SAVE_MS);
    if (!slow) return calm;
    return { kind: facts.kept ? "unsaved-on-device" : "offline", changes };
  }
  if (facts.disconnectedMs < QUIET_INTERRUPTION_MS) return calm;
  return changes > 0 && facts.kept ? { kind: "unsaved-on-device", changes } : { kind: "offline", changes };
}

export function sameSaveState(a: SaveState, b: SaveState): boolean {
  return (
    a.kind === b.kind &&
    ("changes" in a ? a.changes : 0) === ("changes" in b ? b.changes : 0) &&
    ("reason" in a ? a.reason : "") === ("reason" in b ? b.reason : "")
  );
}
