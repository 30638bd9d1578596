import { PRESENCE_COLORS } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createManualClock, systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createNodes } from "#platform/links";
import { createPostgresHomes } from "../../platform/homes/adapters/postgres-homes.ts";
import { createTestLinks } from "../../platform/links/test-links.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { createPresenceColors, type PresenceColors } from "./presence-colors.ts";

const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

const acquireAll = (colors: PresenceColors, userIds: readonly string[]) =>
  Promise.all(userIds.map((userId) => colors.acquire("project", userId)));

describe("presence colours", () => {
  test("[P16] differ for all people in a project as long as there are enough", async () => {
    const colors = createPresenceColors();
    const references = await acquireAll(colors, people(PRESENCE_COLORS.length));
    expect(new Set(references.map(({ color }) => color)).size).toBe(PRESENCE_COLORS.length);
    // One more person shares a colour, and not always the same one.
    const more = await acquireAll(colors, people(PRESENCE_COLORS.length * 2));
    const counts = Object.values(Object.groupBy(more, ({ color }) => color)).map((same) => same.length);
    expect(counts).toEqual(PRESENCE_COLORS.map(() => 2));
  });

  test("[P16] a person has one colour in all windows, and keeps it until the last one closes", async () => {
    const colors = createPresenceColors();
    const [first, second] = [await colors.acquire("project", "ada"), await colors.acquire("project", "ada")];
    expect(second.color).toBe(first.color);
    first.release();
    first.release();
    // Another user who prefers the same colour gets a different one while she is present.
    const others = (await acquireAll(colors, people(PRESENCE_COLORS.length - 1))).map(({ color }) => color);
    expect(others).not.toContain(second.color);
    second.release();
    expect((await colors.acquire("project", "bo")).color).toBe(second.color);
  });

  test("[P16] colours are assigned per project", async () => {
    const colors = createPresenceColors();
    const alone = (await colors.acquire("one", "ada")).color;
    for (const userId of people(PRESENCE_COLORS.length)) await colors.acquire("two", userId);
    expect((await colors.acquire("three", "ada")).color).toBe(alone);
  });
});

describe("presence colours of several nodes", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  }, 60_000);
  afterAll(() => database[Symbol.asyncDispose]());

  const openNetwork = () => {
    const links = createTestLinks();
    return {
      ...links,
      /** A node; time stands still for what it remembers of its answers. */
      async open(address: string) {
        const clock = createManualClock();
        const homes = createPostgresHomes({ sql: database.sql, clock: systemClock, log: silentLog, address });
        await homes.start(new AbortController().signal);
        const { calls } = createNodes({ links: links.add(address), clock: systemClock, log: silentLog });
        const colors = createPresenceColors({ homes, calls, clock, log: silentLog });
        return { homes, colors, clock };
      },
    };
  };

  test("[P47] people who come through different nodes at the same time have different colours, and each has one", async () => {
    const network = openNetwork();
    const nodes = await Promise.all(["a", "b", "c"].map((address) => network.open(address)));
    const users = people(PRESENCE_COLORS.length);
    // Each is connected to two of the nodes.
    const references = await Promise.all(
      users.flatMap((userId, index) =>
        [nodes[index % 3], nodes[(index + 1) % 3]].map(async (node) => [
          userId,
          await node?.colors.acquire("p", userId),
        ]),
      ),
    );
    const byUser = Map.groupBy(references, ([userId]) => userId);
    const colors = [...byUser.values()].map(
      (own) => new Set(own.map((entry) => (entry[1] as { color: string }).color)),
    );
    expect(colors.map(({ size }) => size)).toEqual(users.map(() => 1));
    expect(new Set(colors.flatMap((own) => [...own])).size).toBe(PRESENCE_COLORS.length);
    for (const { homes } of nodes) await homes[Symbol.asyncDispose]();
  });

  test("[P47] the next chooser knows the colours in use elsewhere, and a chooser with nobody left gives the home up", async () => {
    const network = openNetwork();
    const [one, two, three] = [await network.open("one"), await network.open("two"), await network.open("three")];
    const ada = await one.colors.acquire("q", "ada");
    const bo = await two.colors.acquire("q", "bo");
    expect(await three.homes.find("colors/q")).toMatchObject({ at: "node", node: { address: "one" } });
    ada.release();
    one.clock.advance(120_000);
    await expect.poll(() => three.homes.find("colors/q")).toEqual({ at: "nobody" });
    const others = await Promise.all(
      people(PRESENCE_COLORS.length - 1).map((userId) => three.colors.acquire("q", userId)),
    );
    expect(others.map(({ color }) => color)).not.toContain(bo.color);
    expect(new Set(others.map(({ color }) => color)).size).toBe(PRESENCE_COLORS.length - 1);
    for (const { homes } of [one, two, three]) await homes[Symbol.asyncDispose]();
  });

  test("[P47] nodes that can't be reached delay nobody's colour", async () => {
    const network = openNetwork();
    const [one, two] = [await network.open("here"), await network.open("there")];
    await one.colors.acquire("r", "ada");
    network.cut();
    expect(PRESENCE_COLORS).toContain((await two.colors.acquire("r", "bo")).color);
    for (const { homes } of [one, two]) await homes[Symbol.asyncDispose]();
  });
});
