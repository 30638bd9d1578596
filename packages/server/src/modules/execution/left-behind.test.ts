import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { HomesNode } from "#platform/homes";
import type { Execution } from "@atelier/contracts";
import { expect, it } from "vitest";
import {
  actorNamed,
  createMemoryStore,
  createScene,
  createTestHomes,
  helloRequest,
  PROJECT,
  settle,
} from "./execution-fixture.ts";
import type { LiveExecution } from "./live-execution.ts";
import { createLeftBehind, EVERY_MS, homeOfExecution } from "./left-behind.ts";

const ada = actorNamed("ada");
const interactive = { interactive: true };

it("[X59] an execution has a home from before its row until its end is stored", async () => {
  const scene = await createScene();
  const { facts } = await scene.service.submit(ada, helloRequest, interactive);
  expect([...scene.homes.claimed]).toEqual([homeOfExecution(facts.id)]);
  await settle();
  scene.store.failing = true;
  scene.provider.runs[0]?.end({ kind: "exited", exitCode: 0 });
  await settle();
  expect(scene.homes.claimed.size).toBe(1);
  scene.store.failing = false;
  scene.manual.advance(1_000);
  await settle();
  expect(scene.store.rows.get(facts.id)?.status).toBe("succeeded");
  expect(scene.homes.claimed.size).toBe(0);
});

it("[X59] rows without a home are marked at the start and every minute; those of a living node never", async () => {
  const [clock, store, homes] = [createManualClock(), createMemoryStore(), createTestHomes()];
  const row = (id: string): void => void store.rows.set(id, { id, status: "running" } as Execution);
  for (const id of ["dead", "here", "there"]) row(id);
  await homes.claim(homeOfExecution("here"));
  homes.elsewhere.set(homeOfExecution("there"), { at: "node", node: { id: "other", address: null } });
  const leftBehind = createLeftBehind({ store, homes, clock, log: silentLog });
  const statuses = (): string[] => [...store.rows.values()].map(({ status }) => status);
  await leftBehind.start();
  expect(statuses()).toEqual(["system-error", "running", "running"]);
  homes.elsewhere.clear();
  clock.advance(EVERY_MS - 1);
  await settle();
  expect(statuses()).toEqual(["system-error", "running", "running"]);
  clock.advance(1);
  await settle();
  expect(statuses()).toEqual(["system-error", "running", "system-error"]);
  await leftBehind.stop();
  row("later");
  clock.advance(10 * EVERY_MS);
  await settle();
  expect(statuses().at(-1)).toBe("running");
});

it("[X59] a run of another node is asked for and stopped there; one whose node died is shown as ended", async () => {
  const asked: string[] = [];
  const answers: Execution[] = [];
  const elsewhere = (what: string) => async (node: HomesNode, id: string) => {
    asked.push(`${what} ${id} of ${node.id}`);
    return answers.at(-1);
  };
  const states = () => Promise.reject(new Error("no list is read"));
  const scene = await createScene({ elsewhere: { find: elsewhere("find"), stop: elsewhere("stop"), states } });
  const { facts } = await scene.service.submit(ada, helloRequest, interactive);
  const name = homeOfExecution(facts.id);
  const live = scene.registry.get(facts.id);
  if (live !== undefined) scene.registry.remove(live);
  scene.homes.claimed.delete(name);
  const node = { id: "other", address: "http://other.example" };
  scene.homes.elsewhere.set(name, { at: "node", node });
  expect((await scene.service.find(ada, facts.id)).status).not.toBe("system-error");
  const answer: Execution = { ...(await scene.service.find(ada, facts.id)), status: "cancelled" };
  answers.push(answer);
  expect(await scene.service.find(ada, facts.id)).toEqual(answer);
  expect(await scene.service.stop(ada, facts.id)).toEqual(answer);
  const [find, stop] = ["find", "stop"].map((what) => `${what} ${facts.id} of other`);
  expect(asked).toEqual([find, find, find, stop]);
  await expect(scene.service.stop(actorNamed("bob"), facts.id)).rejects.toMatchObject({ status: 404 });
  expect(asked).toHaveLength(4);
  expect((await scene.service.follow(ada, facts.id)).source).toMatchObject({ elsewhere: node });
  scene.homes.elsewhere.clear();
  expect((await scene.service.find(ada, facts.id)).status).toBe("system-error");
});

it("[X70] a list tells the states of runs that other nodes run, and the ends of those whose node died", async () => {
  const asked: string[] = [];
  const running = new Map<string, Execution>();
  const unasked = () => Promise.reject(new Error("no single run is read"));
  const scene = await createScene({
    elsewhere: {
      find: unasked,
      stop: unasked,
      async states(node, ids) {
        asked.push(`${ids.length} of ${node.id}`);
        if (node.id === "unreachable") throw new Error("planted");
        return ids.flatMap((id) => running.get(id) ?? []);
      },
    },
  });
  scene.roles.set(ada.userId, "owner");
  const request = { projectId: PROJECT, language: "python", entryPoint: "main.py" };
  const submit = () => scene.service.submit(ada, request, interactive);
  /** As its row says, with its home on another node, or on none. */
  const moveTo = ({ facts }: LiveExecution, node: string | undefined): void => {
    const live = scene.registry.get(facts.id);
    if (live !== undefined) scene.registry.remove(live);
    const name = homeOfExecution(facts.id);
    scene.homes.claimed.delete(name);
    if (node !== undefined) scene.homes.elsewhere.set(name, { at: "node", node: { id: node, address: node } });
  };
  const list = async () =>
    new Map((await scene.service.list(ada, PROJECT)).map(({ id, status }) => [id, status] as const));
  const [here, one, other, unknown] = [await submit(), await submit(), await submit(), await submit()];
  const rows = [...scene.store.rows.values()];
  for (const row of rows) scene.store.rows.set(row.id, { ...row, status: "queued" });
  for (const { facts } of [one, other]) {
    const row = rows.find(({ id }) => id === facts.id);
    if (row !== undefined)
      running.set(facts.id, { ...row, status: facts.id === one.facts.id ? "running" : "compiling" });
  }
  for (const live of [one, other]) moveTo(live, "other");
  moveTo(unknown, "unreachable");
  await settle();
  const expected = [here.state.status, "running", "compiling", "queued"];
  const ids = [here, one, other, unknown].map(({ facts }) => facts.id);
  const shown = async () => {
    const states = await list();
    return ids.map((id) => states.get(id));
  };
  expect(await shown()).toEqual(expected);
  expect(asked.toSorted()).toEqual(["1 of unreachable", "2 of other"]);
  // It ended there, and its row says so, between the reading of the rows and the question.
  running.delete(other.facts.id);
  const read = scene.store.list.bind(scene.store);
  scene.store.list = async (...given) => {
    const found = await read(...given);
    const row = scene.store.rows.get(other.facts.id);
    if (row !== undefined) scene.store.rows.set(other.facts.id, { ...row, status: "succeeded" });
    return found;
  };
  scene.homes.elsewhere.delete(homeOfExecution(unknown.facts.id));
  expect(await shown()).toEqual([here.state.status, "running", "succeeded", "system-error"]);
});
