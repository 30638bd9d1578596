/** The reader's edits on their way to the server: kept on the device, sent at once or by the frame, until confirmed. */
import * as Y from "yjs";
import type { LiveEnvironment } from "../../app/environment.ts";
import { step2Message, updateMessage } from "./live-messages.ts";
import type { Replica } from "./replica.ts";
import { createSaveLedger } from "./save-ledger.ts";
import type { UnsavedStore, UnsavedTicket, UnsavedUpdate } from "./unsaved-store.ts";

export interface OutboxOptions {
  /** The document's name in the store. */
  name: string;
  store: UnsavedStore;
  environment: LiveEnvironment;
  /** False if there is no open socket. */
  send: (frame: Uint8Array) => boolean;
}

export interface Outbox {
  /** Notes an edit that was just made to the replica. */
  edited(update: Uint8Array, generation: number): void;
  /** Takes over edits that are on the device already, as one update that the replica holds by now. */
  restored(rows: readonly { update: UnsavedUpdate; ticket: UnsavedTicket }[], merged: Uint8Array): void;
  /** A socket opened; nothing goes out before `allow`. */
  connected(): void;
  /** Lets edits go out, or delays them. */
  allow(may: boolean): void;
  /** Answers the server's step 1: everything it does not have, now or as soon as it is allowed. */
  answer(replica: Replica, serverVector: Uint8Array): void;
  /** Sends what waits for the frame. */
  flush(): void;
  /** The first `count` messages of this connection are durable. */
  confirmed(count: number): void;
  /** Forgets every edit, on the device too. */
  clear(): void;
  /** Edits not confirmed. */
  readonly unconfirmed: number;
  readonly oldestSince: number | undefined;
}

/** Two sends closer than this are a burst, and the second waits for the frame. */
const BURST_MS = 16;

export function createOutbox({ name, store, environment, send }: OutboxOptions): Outbox {
  const ledger = createSaveLedger();
  let queue: Uint8Array[] = [];
  let frameAsked = false;
  let sentAt = -Infinity;
  let allowed = false;
  let asked: { replica: Replica; serverVector: Uint8Array } | undefined;

  const flush = () => {
    const [first] = queue;
    if (!allowed || !first) return;
    if (!send(updateMessage(queue.length === 1 ? first : Y.mergeUpdates(queue)))) return;
    queue = [];
    sentAt = environment.now();
    ledger.sent();
  };
  const flushSoon = () => {
    if (frameAsked) return;
    if (environment.now() - sentAt >= BURST_MS) {
      flush();
      return;
    }
    frameAsked = true;
    environment.nextFrame(() => {
      frameAsked = false;
      flush();
    });
  };
  const sendMissing = () => {
    if (!allowed || !asked) return;
    const { replica, serverVector } = asked;
    if (!send(step2Message(Y.encodeStateAsUpdate(replica.doc, serverVector)))) return;
    asked = undefined;
    queue = [];
    ledger.sent();
  };

  return {
    edited: (update, generation) => {
      const ticket = store.append(name, { update, generation, edits: 1 });
      ledger.add({ edits: 1, ticket, since: environment.now() });
      queue.push(update);
      flushSoon();
    },
    restored: (rows, merged) => {
      for (const { update, ticket } of rows) ledger.add({ edits: update.edits, ticket, since: environment.now() });
      queue.push(merged);
      flush();
    },
    connected: () => {
      allowed = false;
      asked = undefined;
      ledger.connected();
    },
    allow: (may) => {
      allowed = may;
      sendMissing();
    },
    answer: (replica, serverVector) => {
      asked = { replica, serverVector };
      sendMissing();
    },
    flush,
    confirmed: (count) => store.discard(ledger.confirmed(count)),
    clear: () => {
      queue = [];
      store.discard(ledger.clear());
    },
    get unconfirmed() {
      return ledger.unconfirmed;
    },
    get oldestSince() {
      return ledger.oldestSince;
    },
  };
}
