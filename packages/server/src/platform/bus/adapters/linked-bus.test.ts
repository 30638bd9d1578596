import { expect, test, vi } from "vitest";
import { createManualClock } from "#kernel/clock";
import { type Log, silentLog } from "#kernel/log";
import type { HomesNode } from "#platform/homes";
import { createTestLinks } from "../../links/test-links.ts";
import { describeBus } from "../ports.contract.ts";
import type { Bus } from "../ports.ts";
import { createInProcessBus } from "./in-process-bus.ts";
import { createLinkedBus } from "./linked-bus.ts";

const { signal } = new AbortController();

const setUp = (log: Log = silentLog) => {
  const network = createTestLinks();
  const nodes: HomesNode[] = [];
  const clock = createManualClock();
  /** Starts a node that connects to the earlier ones. */
  const add = async (address: string) => {
    const bus = createLinkedBus({
      local: createInProcessBus(log),
      links: network.add(address),
      homes: { nodes: async () => nodes.filter((node) => node.address !== address) },
      address,
      clock,
      log,
    });
    let gaps = 0;
    bus.subscribe("messages-lost", () => (gaps += 1));
    await bus.start(signal);
    nodes.push({ id: address, address });
    return { bus, gaps: () => gaps, peers: () => bus.peers, hear: hearing(bus) };
  };
  return { network, clock, add };
};

const hearing = (bus: Bus) => {
  const heard: string[] = [];
  bus.subscribe("files-removed", ({ fileIds }) => heard.push(...fileIds));
  return heard;
};
const removed = (id: string) => ({ projectId: "p", fileIds: [id] });

describeBus("linked, one node", async (log) => {
  const { bus } = await setUp(log).add("a");
  return { bus, settle: async () => undefined };
});

/** Publishing on one node and listening on the other. */
describeBus("linked, two nodes", async (log) => {
  const { add } = setUp(log);
  const [one, other] = [await add("a"), await add("b")];
  await vi.waitFor(() => expect([one.peers(), other.peers()]).toEqual([1, 1]));
  let published = 0;
  let arrived = 0;
  const bus: Bus = {
    publish(topic, message) {
      published += 1;
      one.bus.publish(topic, message);
    },
    subscribe: (topic, listener) => other.bus.subscribe(topic, listener),
  };
  for (const topic of ["files-removed", "sign-in-ended"] as const) other.bus.subscribe(topic, () => (arrived += 1));
  return { bus, settle: () => vi.waitFor(() => expect(arrived).toBe(published)) };
});

test("[M5] three nodes that start one after the other receive each other's messages, each message once", async () => {
  const { add } = setUp();
  const nodes = [await add("a"), await add("b"), await add("c")];
  await vi.waitFor(() => expect(nodes.map(({ peers }) => peers())).toEqual([2, 2, 2]));
  for (const [index, { bus }] of nodes.entries()) bus.publish("files-removed", removed(`${index}`));
  await vi.waitFor(() => {
    for (const { hear } of nodes) expect(hear.toSorted()).toEqual(["0", "1", "2"]);
  });
  expect(nodes.map(({ gaps }) => gaps())).toEqual([0, 0, 0]);
});

test("[M6] after a cut both nodes are notified of the gap, and then receive messages again", async () => {
  const { add, network, clock } = setUp();
  const [one, other] = [await add("a"), await add("b")];
  await vi.waitFor(() => expect([one.peers(), other.peers()]).toEqual([1, 1]));
  network.cut();
  one.bus.publish("files-removed", removed("lost"));
  await vi.waitFor(() => {
    clock.advance(1_000);
    expect(other.peers()).toBe(0);
  });
  network.mend();
  await vi.waitFor(() => {
    clock.advance(5_000);
    expect([one.gaps(), other.gaps()]).toEqual([1, 1]);
  });
  one.bus.publish("files-removed", removed("one"));
  other.bus.publish("files-removed", removed("other"));
  await vi.waitFor(() =>
    expect([one.hear, other.hear]).toEqual([
      ["lost", "one", "other"],
      ["one", "other"],
    ]),
  );
});

test("[M6] a node that could not be reached at its start is notified of a gap, if messages were published", async () => {
  const { add, network, clock } = setUp();
  const one = await add("a");
  network.cut();
  const [quiet, loud] = [await add("b"), await add("c")];
  loud.bus.publish("files-removed", removed("lost"));
  network.mend();
  await vi.waitFor(() => {
    clock.advance(5_000);
    expect([one.peers(), quiet.peers(), loud.peers()]).toEqual([2, 2, 2]);
  });
  await vi.waitFor(() => expect([one.gaps(), quiet.gaps()]).toEqual([1, 1]));
  expect(loud.gaps()).toBe(0);
});

test("a node that stops does not disturb the others", async () => {
  const { add, clock } = setUp();
  const [one, other] = [await add("a"), await add("b")];
  await vi.waitFor(() => expect([one.peers(), other.peers()]).toEqual([1, 1]));
  await other.bus[Symbol.asyncDispose]();
  clock.advance(60_000);
  one.bus.publish("files-removed", removed("1"));
  expect(one.hear).toEqual(["1"]);
  await one.bus[Symbol.asyncDispose]();
});
