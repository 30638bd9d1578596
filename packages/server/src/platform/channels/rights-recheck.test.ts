import type { Role } from "@atelier/contracts";
import { afterEach, expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createInProcessBus } from "../bus/adapters/in-process-bus.ts";
import { createRightsRecheck, type RightsHolder, type RightsRecheck, ROUND_EVERY_MS } from "./rights-recheck.ts";

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

let recheck: RightsRecheck;
afterEach(() => recheck[Symbol.asyncDispose]());

/** Rights and sign-ins that change without a message on the bus. */
const open = async () => {
  const clock = createManualClock();
  const bus = createInProcessBus(silentLog);
  const roles = new Map<string, Role>();
  const ended = new Set<string>();
  const state = { isDown: false, lookUps: 0, answer: Promise.resolve() };
  recheck = createRightsRecheck({
    bus,
    clock,
    log: silentLog,
    async roleOf(userId, projectId) {
      state.lookUps += 1;
      if (state.isDown) throw new Error("planted: the database is away");
      const role = roles.get(`${projectId}/${userId}`);
      await state.answer;
      return role;
    },
    async endedSignIns(ids) {
      if (state.isDown) throw new Error("planted: the database is away");
      return ids.filter((id) => ended.has(id));
    },
  });
  await recheck.start(new AbortController().signal);
  const told: string[] = [];
  const watch = (user: string, facts: Partial<RightsHolder> = {}, name = user) =>
    recheck.watch({
      userId: user,
      signInId: `${user}'s`,
      projectId: "p",
      rightsChanged: () => void told.push(`${name} changed`),
      signedOut: () => void told.push(`${name} out`),
      ...facts,
    });
  const heard = async (): Promise<string[]> => {
    await settled();
    return told.splice(0);
  };
  /** The first check notifies every socket; later ones only those with a change. */
  const settle = async (): Promise<void> => {
    bus.publish("messages-lost", {});
    await heard();
  };
  return { clock, bus, roles, ended, state, watch, heard, settle };
};

test("[K25] a change without a message is noticed within a minute, for the sockets that it concerns", async () => {
  const { clock, roles, ended, watch, heard, settle } = await open();
  for (const user of ["ada", "bob", "eve"]) roles.set(`p/${user}`, "editor");
  watch("ada");
  watch("ada", {}, "ada's second");
  const leave = watch("bob");
  watch("eve");
  await settle();
  clock.advance(60_000);
  expect(await heard()).toEqual([]);
  roles.set("p/ada", "viewer");
  roles.delete("p/bob");
  ended.add("eve's");
  expect(await heard()).toEqual([]);
  clock.advance(60_000);
  expect((await heard()).toSorted()).toEqual(["ada changed", "ada's second changed", "bob changed", "eve out"]);
  leave();
  clock.advance(60_000);
  expect(await heard()).toEqual(["eve out"]);
});

test("[K25] after lost messages of the bus everything is checked at once", async () => {
  const { bus, clock, roles, state, watch, heard, settle } = await open();
  roles.set("p/ada", "editor");
  watch("ada");
  await settle();
  roles.delete("p/ada");
  bus.publish("messages-lost", {});
  expect(await heard()).toEqual(["ada changed"]);
  // A gap while a round is under way makes another round.
  const { promise, resolve } = Promise.withResolvers<void>();
  state.answer = promise;
  bus.publish("messages-lost", {});
  await settled();
  roles.set("p/ada", "viewer");
  bus.publish("messages-lost", {});
  resolve();
  expect(await heard()).toEqual(["ada changed"]);
  const { lookUps } = state;
  clock.advance(ROUND_EVERY_MS - 1);
  await settled();
  expect(state.lookUps).toBe(lookUps);
});

test("[K25] sockets that may know different roles are notified, also when the role has not changed", async () => {
  const { bus, clock, roles, watch, heard, settle } = await open();
  roles.set("p/ada", "editor");
  watch("ada");
  await settle();
  watch("ada", {}, "late");
  clock.advance(60_000);
  expect(await heard()).toEqual(["ada changed", "late changed"]);
  // One socket heard this message, the next one (back to editor) was lost.
  bus.publish("rights-changed", { projectId: "p", userId: "ada" });
  clock.advance(60_000);
  expect(await heard()).toEqual(["ada changed", "late changed"]);
  bus.publish("rights-changed", { projectId: "p" });
  clock.advance(60_000);
  expect(await heard()).toEqual(["ada changed", "late changed"]);
  clock.advance(60_000);
  expect(await heard()).toEqual([]);
});

test("[K25] after a change during the look-up the next round notifies again", async () => {
  const { bus, clock, roles, state, watch, heard, settle } = await open();
  roles.set("p/ada", "editor");
  watch("ada");
  await settle();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.answer = promise;
  clock.advance(60_000);
  await settled();
  roles.set("p/ada", "viewer");
  bus.publish("rights-changed", { projectId: "p", userId: "ada" });
  resolve();
  await heard();
  clock.advance(60_000);
  expect(await heard()).toEqual(["ada changed"]);
});

test("[K25] while the database is unavailable sockets stay open; afterwards they are checked", async () => {
  const { clock, roles, ended, state, watch, heard, settle } = await open();
  roles.set("p/ada", "editor");
  watch("ada");
  watch("bob", { projectId: null });
  await settle();
  state.isDown = true;
  roles.delete("p/ada");
  ended.add("bob's");
  clock.advance(120_000);
  expect(await heard()).toEqual([]);
  state.isDown = false;
  clock.advance(60_000);
  expect((await heard()).toSorted()).toEqual(["ada changed", "bob out"]);
});
