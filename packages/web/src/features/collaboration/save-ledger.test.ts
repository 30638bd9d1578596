import fc from "fast-check";
import { expect, test } from "vitest";
import { createSaveLedger } from "./save-ledger.ts";
import type { UnsavedTicket } from "./unsaved-store.ts";

const ticket = (key: number): UnsavedTicket => ({ key, discarded: false });

test("a confirmation counts messages of this connection, not edits", () => {
  const ledger = createSaveLedger();
  ledger.connected();
  ledger.sent();
  for (const key of [1, 2, 3]) ledger.add({ edits: 1, ticket: ticket(key), since: key });
  ledger.sent();
  ledger.add({ edits: 1, ticket: ticket(4), since: 4 });
  expect(ledger.confirmed(1)).toEqual([]);
  expect(ledger.confirmed(2).map(({ key }) => key)).toEqual([1, 2, 3]);
  expect(ledger.unconfirmed).toBe(1);
  expect(ledger.unsent).toBe(true);
  expect(ledger.oldestSince).toBe(4);
});

test("after a reconnect the old counts are ignored", () => {
  const ledger = createSaveLedger();
  ledger.connected();
  ledger.add({ edits: 5, ticket: ticket(1), since: 0 });
  ledger.sent();
  ledger.connected();
  expect(ledger.confirmed(1)).toEqual([]);
  expect(ledger.unsent).toBe(true);
  ledger.sent();
  expect(ledger.confirmed(1).map(({ key }) => key)).toEqual([1]);
  expect(ledger.unconfirmed).toBe(0);
});

test("[C5] an edit counts as saved only when a confirmed message contained it", () => {
  const step = fc.oneof(
    fc.constant("edit" as const),
    fc.constant("send" as const),
    fc.constant("connect" as const),
    fc.constant("confirm" as const),
  );
  let confirmations = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (script) => {
      const ledger = createSaveLedger();
      let edits = 0;
      let messages: number[] = [];
      let confirmedEdits = 0;
      let acknowledged = 0;
      const gone: (number | undefined)[] = [];
      for (const what of script) {
        if (what === "edit") {
          edits += 1;
          ledger.add({ edits: 1, ticket: ticket(edits), since: 0 });
        } else if (what === "send") {
          messages.push(edits);
          ledger.sent();
        } else if (what === "connect") {
          messages = [];
          acknowledged = 0;
          ledger.connected();
        } else if (acknowledged < messages.length) {
          acknowledged += 1;
          confirmations += 1;
          const now = Math.max(confirmedEdits, messages[acknowledged - 1] ?? 0);
          gone.push(...ledger.confirmed(acknowledged).map(({ key }) => key));
          confirmedEdits = now;
        }
        expect(ledger.unconfirmed).toBe(edits - confirmedEdits);
      }
      expect(gone).toEqual(Array.from({ length: confirmedEdits }, (_, index) => index + 1));
    }),
    { numRuns: 500 },
  );
  expect(confirmations).toBeGreaterThan(100);
});
