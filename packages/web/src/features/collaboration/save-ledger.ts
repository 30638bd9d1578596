/** The user's edits that the server has confirmed: maps `saved(n)` of a connection to edits. */
import type { UnsavedTicket } from "./unsaved-store.ts";

interface PendingEdit {
  edits: number;
  ticket: UnsavedTicket | undefined;
  /** Milliseconds on the injected clock. */
  since: number;
}

export interface SaveLedger {
  /** Notes an edit that is now in the document (and, with a ticket, on the device). */
  add(edit: PendingEdit): void;
  /** A connection begins: its messages count from one. */
  connected(): void;
  /** A message with all edits noted so far was sent. */
  sent(): void;
  /** The first `count` messages of this connection are durable; returns the tickets that are no longer needed. */
  confirmed(count: number): UnsavedTicket[];
  /** Drops everything (another generation); returns the tickets. */
  clear(): UnsavedTicket[];
  /** Edits noted and not confirmed. */
  readonly unconfirmed: number;
  /** Edits noted since the last message. */
  readonly unsent: boolean;
  /** When the oldest unconfirmed edit was made; undefined if all are confirmed. */
  readonly oldestSince: number | undefined;
}

export function createSaveLedger(): SaveLedger {
  const pending: PendingEdit[] = [];
  let unconfirmed = 0;
  /** How many edits had ever been noted when `pending[0]` was. */
  let droppedBefore = 0;
  /** For each message of this connection, how many edits it and the earlier ones cover. */
  let covered: number[] = [];
  /** Messages that were counted and taken off the front of `covered`. */
  let countedMessages = 0;
  let sentUpTo = 0;

  const drop = (count: number): UnsavedTicket[] => {
    const gone = pending.splice(0, count);
    droppedBefore += gone.length;
    for (const { edits } of gone) unconfirmed -= edits;
    return gone.flatMap(({ ticket }) => (ticket ? [ticket] : []));
  };

  return {
    add: (edit) => {
      pending.push(edit);
      unconfirmed += edit.edits;
    },
    connected: () => {
      covered = [];
      countedMessages = 0;
      sentUpTo = droppedBefore;
    },
    sent: () => {
      sentUpTo = droppedBefore + pending.length;
      covered.push(sentUpTo);
    },
    confirmed: (count) => {
      const newly = Math.min(count - countedMessages, covered.length);
      if (newly <= 0) return [];
      const upTo = covered[newly - 1] ?? droppedBefore;
      covered.splice(0, newly);
      countedMessages += newly;
      return drop(Math.max(0, upTo - droppedBefore));
    },
    clear: () => drop(pending.length),
    get unconfirmed() {
      return unconfirmed;
    },
    get unsent() {
      return droppedBefore + pending.length > sentUpTo;
    },
    get oldestSince() {
      return pending[0]?.since;
    },
  };
}
