import { expect, test } from "vitest";
import { type SaveFacts, saveStateOf } from "./save-state.ts";

const calm: SaveFacts = {
  readOnly: undefined,
  connected: true,
  disconnectedMs: 0,
  unconfirmed: 0,
  oldestMs: 0,
  calmMs: Infinity,
  durable: true,
  kept: true,
};

test.each<[string, Partial<SaveFacts>, string]>([
  ["nothing waits", {}, "saved"],
  ["an edit waits", { unconfirmed: 1 }, "saving"],
  ["the last edit was confirmed just now", { calmMs: 100 }, "saving"],
  ["the last edit was confirmed a while ago", { calmMs: 500 }, "saved"],
  ["an edit waits, the one before was confirmed a while ago", { unconfirmed: 1, calmMs: 900 }, "saving"],
  ["an edit waits too long", { unconfirmed: 3, oldestMs: 5_000 }, "unsaved-on-device 3"],
  ["the log is unavailable", { unconfirmed: 2, durable: false }, "unsaved-on-device 2"],
  [
    "an edit waits too long, and this browser stores none",
    { unconfirmed: 3, oldestMs: 5_000, kept: false },
    "offline 3",
  ],
  ["the log is unavailable and no edit waits", { durable: false }, "saved"],
  ["a short interruption", { connected: false, disconnectedMs: 800 }, "saved"],
  ["a short interruption while typing", { connected: false, disconnectedMs: 800, unconfirmed: 1 }, "saving"],
  ["offline", { connected: false, disconnectedMs: 5_000 }, "offline 0"],
  ["offline with edits", { connected: false, disconnectedMs: 5_000, unconfirmed: 14 }, "unsaved-on-device 14"],
  [
    "offline, edits in the page only",
    { connected: false, disconnectedMs: 5_000, unconfirmed: 2, kept: false },
    "offline 2",
  ],
  ["a viewer", { readOnly: "role" }, "read-only role"],
])("%s", (_name, facts, expected) => {
  const state = saveStateOf({ ...calm, ...facts });
  expect(Object.values(state).join(" ")).toBe(expected);
});
