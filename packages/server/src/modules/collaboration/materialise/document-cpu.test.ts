import { expect, it } from "vitest";
import { createManualClock, systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createNodes } from "#platform/links";
import { createTestLinks } from "../../../platform/links/test-links.ts";
import { createDocumentCpu } from "./document-cpu.ts";

const MINUTE_MS = 60_000;

it("[C65] CPU counts for an hour, for its own account, and on all nodes that answer", async () => {
  const network = createTestLinks();
  const [clock, otherClock] = [createManualClock(), createManualClock()];
  const addresses = ["one", "two"];
  const open = (address: string, own: typeof clock) =>
    createDocumentCpu({
      clock: own,
      homes: {
        areShared: true,
        nodes: async () => addresses.filter((other) => other !== address).map((id) => ({ id, address: id })),
      },
      calls: createNodes({ links: network.add(address), clock: systemClock, log: silentLog }).calls,
    });
  const [one, two] = [open("one", clock), open("two", otherClock)];
  one.charge("ada", 100.4);
  clock.advance(30 * MINUTE_MS);
  one.charge("ada", 20);
  one.charge("bo", 7);
  two.charge("ada", 3);
  expect(await one.lastHourMs("ada")).toBe(123);
  expect(await two.lastHourMs("ada")).toBe(123);
  expect(await one.lastHourMs("bo")).toBe(7);
  expect(await one.lastHourMs("nobody")).toBe(0);
  network.cut();
  expect(await one.lastHourMs("ada")).toBe(120);
  clock.advance(31 * MINUTE_MS);
  expect(await one.lastHourMs("ada")).toBe(20);
  clock.advance(60 * MINUTE_MS);
  expect(await one.lastHourMs("ada")).toBe(0);
});
