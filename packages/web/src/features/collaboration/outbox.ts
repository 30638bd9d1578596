/** The user's unconfirmed edits: stored on the device, and sent at once or once per frame. */
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
  /** Adds edits that are on the device already, as one update that the replica has. */
  restored(rows: readonly { update: UnsavedUpdate; ticket: UnsavedTicket }[], merged: Uint8Array): void;
  /** Called when the channel has opened; nothing is sent before `allow`. */
  connected(): void;
  /** Allows sending, or delays it. */
  allow(may: boolean): void;
  /** Answers the server's sync step 1 with the updates that it lacks, now or when sending is allowed. */
  answer(replica: Replica, serverVector: Uint8Array): void;
  /** Sends the queued edits. */
  flush(): void;
  /** The first `count` messages of this connection are durable. */
  confirmed(count: number): void;
  /** Drops all edits, on the device too. */
  clear(): void;
  /** Edits not confirmed. */
  readonly unconfirmed: number;
  readonly oldestSince: number | undefined;
}

/** Two sends within this time are a burst, and the second one waits for the next frame. */
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
