import { CLOSE } from "@atelier/contracts";
import { expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { createPending } from "#kernel/pending";
import { createInProcessBus } from "../bus/adapters/in-process-bus.ts";
import { type Access, createAccessWatch } from "./access.ts";
import { createMemoryChannels } from "./adapters/memory-channel.ts";
import { type Channel, type Frame, frameCost } from "./ports.ts";
import type { RightsHolder } from "./rights-recheck.ts";

type Answer = PromiseWithResolvers<string | undefined>;

const open = (guest: { projectId?: string; userId?: string; signInId?: string } = {}) => {
  const bus = createInProcessBus(silentLog);
  const pending = createPending();
  const watch = createAccessWatch({ bus, log: silentLog, pending });
  const add = ({ projectId, userId = "u", signInId = "s" }: typeof guest) => {
    const [channel, far] = createMemoryChannels();
    const { access, belongsTo } = watch.add({
      channel,
      userId,
      signInId,
      ...(projectId === undefined ? {} : { projectId }),
    });
    const answers: Answer[] = [];
    const log: string[] = [];
    const look = (): Promise<string | undefined> => {
      const answer = Promise.withResolvers<string | undefined>();
      answers.push(answer);
      return answer.promise;
    };
    const serve = (): void =>
      access.serve<string>({
        look,
        changed: (role) => void log.push(`now ${role}`),
        frame: (frame: Frame) => {
          log.push(String(frame));
          channel.credit(frameCost(frame));
        },
      });
    return { channel, far, access, belongsTo, answers, look, serve, log };
  };
  const first = add(guest);
  const change = (projectId = "p", userId?: string): void =>
    bus.publish("rights-changed", { projectId, ...(userId === undefined ? {} : { userId }) });
  return { ...first, add, bus, change, settle: () => pending.idle() };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const closedWith = async (channel: Channel): Promise<number> => (await channel.closed).code;

test("[K20] frames wait until access is known, then are delivered in order", async () => {
  const { far, access, answers, look, serve, log } = open({ projectId: "p" });
  far.send("early");
  const known = access.first(look);
  far.send("second");
  answers[0]?.resolve("editor");
  expect(await known).toBe("editor");
  expect(log).toEqual([]);
  serve();
  far.send("third");
  expect(log).toEqual(["early", "second", "third"]);
});

test("[K21] rights that change during the first look-up are looked up again, and the resources of the outdated result are released", async () => {
  const { access, answers, look, change } = open({ projectId: "p" });
  const discarded: string[] = [];
  const known = access.first(look, (outdated) => void discarded.push(outdated));
  change();
  answers[0]?.resolve("editor");
  await turn();
  answers[1]?.resolve("viewer");
  expect(await known).toBe("viewer");
  expect(discarded).toEqual(["editor"]);
});

test("[K21] rights that change between the look-up and `serve` are looked up again", async () => {
  const { access, answers, look, change, serve, far, log } = open({ projectId: "p" });
  const known = access.first(look);
  answers[0]?.resolve("editor");
  await known;
  change();
  serve();
  far.send("typed");
  expect(log).toEqual([]);
  answers[1]?.resolve("viewer");
  await turn();
  expect(log).toEqual(["now viewer", "typed"]);
});

test("[K22] after a change frames and work wait for the look-up; of several look-ups only the one for the newest change counts", async () => {
  const { access, answers, look, change, serve, far, log } = open({ projectId: "p" });
  const known = access.first(look);
  answers[0]?.resolve("owner");
  await known;
  serve();
  change();
  change("p", "u");
  far.send("typed");
  access.whenKnown(() => void log.push("work"));
  answers[2]?.resolve("viewer");
  await turn();
  answers[1]?.resolve("owner");
  await turn();
  expect(log).toEqual(["now viewer", "work", "typed"]);
});

test("[K23] no rights are 4403, rights that can't be looked up 1013, the end of the sign-in 4401, also while the channel opens", async () => {
  for (const [answer, code] of [
    [() => Promise.resolve(undefined), CLOSE.rightsTaken],
    [() => Promise.reject(new Error("planted")), CLOSE.overloaded],
  ] as const) {
    const { access, change, channel, far } = open({ projectId: "p" });
    await access.first(async () => "editor");
    let got = 0;
    access.serve({ look: answer, changed: () => undefined, frame: () => (got += 1) });
    change();
    far.send("late");
    expect(await closedWith(channel)).toBe(code);
    expect(got).toBe(0);
  }
  const { access, look, channel, bus, answers } = open();
  const known = access.first(look);
  bus.publish("sign-in-ended", { signInId: "other" });
  expect(channel.isOpen).toBe(true);
  bus.publish("sign-in-ended", { signInId: "s" });
  answers[0]?.resolve("editor");
  expect(await known).toBeUndefined();
  expect(await closedWith(channel)).toBe(CLOSE.signedOut);
});

test("[K24][C53] a change visits only the channels that it concerns; a channel whose project is unknown gets each change that may concern it", async () => {
  const { add, change } = open({ projectId: "other", userId: "v" });
  const visits: string[] = [];
  const named = (name: string, guest: Parameters<typeof add>[0]) => {
    const added = add(guest);
    const changed = added.access.changed.bind(added.access);
    (added.access as { changed: Access["changed"] }).changed = (cause) => {
      visits.push(name);
      changed(cause);
    };
    return added;
  };
  const heard = (): string[] => visits.splice(0).toSorted();
  named("mine", { projectId: "p", userId: "u" });
  named("neighbour", { projectId: "p", userId: "w" });
  named("elsewhere", { projectId: "q", userId: "u" });
  const opening = named("opening", { userId: "u" });
  change("p", "u");
  expect(heard()).toEqual(["mine", "opening"]);
  change("p");
  expect(heard()).toEqual(["mine", "neighbour", "opening"]);
  change("p", "w");
  expect(heard()).toEqual(["neighbour"]);
  opening.belongsTo("q");
  change("p", "u");
  expect(heard()).toEqual(["mine"]);
  change("q", "u");
  expect(heard()).toEqual(["elsewhere", "opening"]);
  opening.channel.close(1000, "");
  await opening.channel.closed;
  await turn();
  change("q");
  expect(heard()).toEqual(["elsewhere"]);
});

test("[K25] a channel is checked again from its opening to its end, in its project once that is known", async () => {
  const holders = new Set<RightsHolder>();
  const rechecks = { watch: (holder: RightsHolder) => (holders.add(holder), () => void holders.delete(holder)) };
  const watch = createAccessWatch({ bus: createInProcessBus(silentLog), log: silentLog, rechecks });
  const [channel, far] = createMemoryChannels();
  const { access, belongsTo } = watch.add({ channel, userId: "u", signInId: "s" });
  expect([...holders]).toMatchObject([{ userId: "u", signInId: "s", projectId: null }]);
  belongsTo("p");
  expect([...holders]).toMatchObject([{ projectId: "p" }]);
  const roles: (string | undefined)[] = ["editor", "viewer", undefined];
  const seen: string[] = [];
  await access.first(async () => roles.shift());
  access.serve<string>({
    look: async () => roles.shift(),
    changed: (role) => void seen.push(role),
    frame: () => undefined,
  });
  [...holders][0]?.rightsChanged({});
  await expect.poll(() => seen).toEqual(["viewer"]);
  [...holders][0]?.rightsChanged({});
  expect((await far.closed).code).toBe(CLOSE.rightsTaken);
  await expect.poll(() => holders.size).toBe(0);
  const [second, secondFar] = createMemoryChannels();
  watch.add({ channel: second, userId: "u", signInId: "s", projectId: "p" });
  [...holders][0]?.signedOut();
  expect((await secondFar.closed).code).toBe(CLOSE.signedOut);
  watch.stop();
});
