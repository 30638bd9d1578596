import { beforeEach, describe, expect, test } from "vitest";
import { type Entry, type ProjectEventFrame, type Role, sockets } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import { createManualClock, type ManualClock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import type { Channel } from "#platform/channels";
import type { RightsHolder } from "#platform/channels";
import { HomeTaken, type Homes } from "#platform/homes";
import type { Edge, SocketCall } from "#platform/http";
import { createMemoryChannels, creditAtOnce } from "../../platform/channels/adapters/memory-channel.ts";
import { testSocketCall } from "../../platform/http/test-socket-call.ts";
import type { Projects } from "./index.ts";
import { createInProcessHomes } from "../../platform/homes/adapters/in-process-homes.ts";
import { createPresenceColors } from "./presence-colors.ts";
import { registerProjectsSocket } from "./socket.ts";
import { openProjectsForFile } from "./test-projects.ts";

/** The client's end of a channel. */
class Wire {
  readonly frames: ProjectEventFrame[] = [];
  closed: number | undefined;
  readonly far: Channel;
  constructor(far: Channel) {
    this.far = far;
    creditAtOnce(far, (frame) => void this.frames.push(JSON.parse(String(frame)) as ProjectEventFrame));
    void far.closed.then(({ code }) => (this.closed = code));
  }
  async close(): Promise<void> {
    this.far.close(1000, "");
    await this.far.closed;
    await turn();
  }
  say(message: unknown): void {
    this.far.send(typeof message === "string" ? message : JSON.stringify(message));
  }
  types(): string[] {
    return this.frames.map(({ event }) => event.type);
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const { projects, alice, bob } = await openProjectsForFile();
let clock: ManualClock;
let handler: (call: SocketCall) => void;
let stop: () => void;
let projectId: string;
let homes: Homes;
const holders = new Set<RightsHolder>();

const listen = (roleOf: Projects["roleOf"] = (userId, id) => projects.service.roleOf(userId, id)) => {
  stop?.();
  const edge: Edge = { bind: () => undefined, socket: (_path, _options, given) => void (handler = given) };
  stop = registerProjectsSocket(edge, {
    nodes: { relay: () => false },
    projects: { roleOf },
    homes,
    rechecks: { watch: (holder) => (holders.add(holder), () => void holders.delete(holder)) },
    bus: projects.bus,
    colors: createPresenceColors(),
    clock,
    log: silentLog,
  });
};
beforeEach(async () => {
  clock = createManualClock();
  let fence = 0n;
  homes = createInProcessHomes({ fences: { next: async () => ++fence }, clock });
  holders.clear();
  listen();
  projectId = (await projects.service.createProject(alice, { name: "Test" })).id;
});

/** Resolves once the socket is in, or closed. */
const open = async (actor: Actor, since?: number): Promise<Wire> => {
  const [channel, far] = createMemoryChannels();
  const wire = new Wire(far);
  const query = new URLSearchParams(since === undefined ? {} : { since: `${since}` });
  handler(testSocketCall({ channel, path: sockets.projectEvents, params: { projectId }, query, actor }));
  await expect.poll(() => wire.frames.length > 0 || wire.closed !== undefined).toBe(true);
  return wire;
};
const until = async (condition: () => boolean): Promise<void> => {
  await expect.poll(condition).toBe(true);
};

/** Publishes the event of the files module for a new file. */
const announceFile = (path: string): Entry => {
  const facts = { parentId: null, kind: "file" as const, size: 0, hash: null, version: 1, executable: false };
  const entry: Entry = { id: createId(), path, ...facts, updatedAt: new Date(0).toISOString() };
  projects.bus.publish("project-event", { projectId, event: { type: "entries-changed", entries: [entry] } });
  return entry;
};

describe("project events", () => {
  test("[P15] a stranger is closed with 4404, a member gets changes with increasing numbers", async () => {
    expect((await open(bob)).closed).toBe(4404);
    const wire = await open(alice);
    expect(wire.frames[0]?.event).toMatchObject({ type: "hello", resumed: false, role: "owner" });
    const entry = announceFile("a");
    projects.bus.publish("project-event", { projectId, event: { type: "entries-removed", ids: [entry.id] } });
    expect(wire.frames.slice(1).map(({ event }) => event)).toEqual([
      { type: "entries-changed", entries: [entry] },
      { type: "entries-removed", ids: [entry.id] },
    ]);
    const numbers = wire.frames.map(({ sequence }) => sequence);
    expect(numbers).toEqual([numbers[0], (numbers[0] ?? 0) + 1, (numbers[0] ?? 0) + 2]);
  });

  test("[K25] a role that changed without a message is noticed by the recheck, and the end of a sign-in", async () => {
    let role: Role = "owner";
    listen(async () => role);
    const wire = await open(alice);
    const [holder] = holders;
    expect(holder).toMatchObject({ userId: alice.userId, projectId });
    role = "viewer";
    holder?.rightsChanged({});
    await until(() => wire.types().includes("role-changed"));
    holder?.signedOut();
    await until(() => wire.closed === 4401);
    await until(() => holders.size === 0);
  });

  test("[P44] a project's events have one home while there are listeners and a minute longer", async () => {
    const name = `events/${projectId}`;
    const [first, second] = await Promise.all([open(alice), open(alice)]);
    expect(first.frames[0]?.sequence).toBe(second.frames[0]?.sequence);
    await first.close();
    await second.close();
    await until(() => holders.size === 0);
    clock.advance(59_000);
    const third = await open(alice);
    clock.advance(60_000);
    expect(await homes.find(name)).toEqual({ at: "here" });
    await third.close();
    await until(() => holders.size === 0);
    clock.advance(60_000);
    expect(await homes.find(name)).toEqual({ at: "nobody" });
    expect((await open(alice)).closed).toBeUndefined();
  });

  test("[P44] another node's project is 1013, and a lost home 1012", async () => {
    const lost = new AbortController();
    const own = homes;
    let isElsewhere = true;
    homes = {
      ...own,
      async claim(name) {
        if (isElsewhere) throw new HomeTaken(name, { at: "node", node: { id: "other", address: null } });
        return { name, fence: 1n, lost: lost.signal, release: async () => undefined };
      },
    };
    listen();
    expect((await open(alice)).closed).toBe(1013);
    isElsewhere = false;
    const wire = await open(alice);
    lost.abort();
    await until(() => wire.closed === 1012);
  });

  test("[P44] when the bus may have lost events, listeners get another hello, and no client can resume", async () => {
    const here = await open(alice);
    const since = here.frames.at(-1)?.sequence;
    projects.bus.publish("messages-lost", {});
    await until(() => here.frames.filter(({ event }) => event.type === "hello").length === 2);
    expect(here.frames.at(-1)?.event).toMatchObject({ type: "hello", resumed: false, role: "owner" });
    expect((await open(alice, since)).frames[0]?.event).toMatchObject({ type: "hello", resumed: false });
    const again = await open(alice, here.frames.at(-1)?.sequence);
    expect(again.frames[0]?.event).toMatchObject({ type: "hello", resumed: true });
  });

  test("[P15] a client that reconnects gets the missed events in order, or `resumed: false`", async () => {
    const first = await open(alice);
    const since = first.frames.at(-1)?.sequence;
    await first.close();
    await open(alice).then((wire) => wire.close());
    announceFile("a");
    announceFile("b");
    const back = await open(alice, since);
    expect(back.types()).toEqual(["hello", "entries-changed", "entries-changed"]);
    expect(back.frames[0]?.event).toMatchObject({ resumed: true });
    expect(back.frames.slice(1).map(({ sequence }) => sequence)).toEqual([(since ?? 0) + 1, (since ?? 0) + 2]);
    for (let index = 0; index < 1_100; index++) {
      projects.bus.publish("project-event", { projectId, event: { type: "entries-removed", ids: [] } });
    }
    expect((await open(alice, since)).frames[0]?.event).toMatchObject({ resumed: false });
    expect((await open(alice, (since ?? 0) + 1_000_000)).frames[0]?.event).toMatchObject({ resumed: false });
  });

  test("[P15] members get the event of a renamed project, also after a reconnect", async () => {
    await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
    const his = await open(bob);
    const since = his.frames.at(-1)?.sequence;
    const { name, description, visibility, keepRunFiles, updatedAt } = await projects.service.updateProject(
      alice,
      projectId,
      { name: "Other" },
    );
    const changed = { type: "project-changed", project: { name, description, visibility, keepRunFiles, updatedAt } };
    expect(name).toBe("Other");
    await expect.poll(() => his.frames.at(-1)?.event).toEqual(changed);
    await his.close();
    expect((await open(bob, since)).frames.map(({ event }) => event)).toContainEqual(changed);
  });

  test("[P15] numbers of an evicted channel differ from those of the next one", async () => {
    const first = await open(alice);
    const since = first.frames.at(-1)?.sequence;
    await first.close();
    clock.advance(61_000);
    announceFile("a");
    expect((await open(alice, since)).frames[0]?.event).toMatchObject({ resumed: false });
  });

  test("[P16] presence: who is present and views which file, sent after at most 100 ms, and removed with the socket", async () => {
    await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
    const entry = announceFile("a");
    const hers = await open(alice);
    const his = await open(bob);
    his.say({ type: "viewing", fileId: entry.id });
    clock.advance(100);
    expect(hers.types()).toEqual(["hello", "presence"]);
    expect(hers.frames.at(-1)?.event).toMatchObject({
      presence: [
        { user: { name: "Alice" }, fileId: null },
        { user: { name: "Bob" }, role: "viewer", fileId: entry.id },
      ],
    });
    await his.close();
    clock.advance(100);
    expect(hers.frames.at(-1)?.event).toMatchObject({ presence: [{ user: { name: "Alice" } }] });
  });

  test("[P17] revoked rights close with 4403, a changed role is sent, others stay open; a project in the bin closes all", async () => {
    await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
    const hers = await open(alice);
    const his = await open(bob);
    await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "editor" });
    await until(() => his.types().includes("role-changed"));
    await projects.service.deleteMember(alice, projectId, bob.userId);
    await until(() => his.closed !== undefined);
    expect(his.closed).toBe(4403);
    expect(hers.closed).toBeUndefined();
    await projects.service.deleteProject(alice, projectId);
    await until(() => hers.closed !== undefined);
    expect(hers.closed).toBe(4403);
  });

  test("[P17] the end of a sign-in closes its sockets with 4401", async () => {
    const wire = await open(alice);
    projects.bus.publish("sign-in-ended", { signInId: bob.signInId });
    expect(wire.closed).toBeUndefined();
    projects.bus.publish("sign-in-ended", { signInId: alice.signInId });
    await turn();
    expect(wire.closed).toBe(4401);
  });

  test("[P17] of several changes in a row only the newest answer counts, in whatever order they come", async () => {
    const answers: PromiseWithResolvers<Role | undefined>[] = [];
    let isHeld = false;
    const asked: Promise<unknown>[] = [];
    listen((userId, id) => {
      if (!isHeld) {
        const role = projects.service.roleOf(userId, id);
        asked.push(role);
        return role;
      }
      const answer = Promise.withResolvers<Role | undefined>();
      answers.push(answer);
      return answer.promise;
    });
    const wire = await open(alice);
    await Promise.all(asked);
    isHeld = true;
    for (let change = 0; change < 2; change += 1) projects.bus.publish("rights-changed", { projectId });
    answers[1]?.resolve("viewer");
    await until(() => wire.types().includes("role-changed"));
    answers[0]?.resolve("owner");
    // The consequences of an answer are applied in the same turn.
    await new Promise((resolve) => setImmediate(resolve));
    const told = wire.frames.flatMap(({ event }) => (event.type === "role-changed" ? [event.role] : []));
    expect(told).toEqual(["viewer"]);
  });

  test("[P17] when rights can't be looked up, the socket closes", async () => {
    const wire = await open(alice);
    listen(() => Promise.reject(new Error("planted")));
    expect((await open(alice)).closed).toBe(1013);
    expect(wire.closed).toBeUndefined();
  });

  test("[P18] malformed messages close with 4400, too many with 4429, a client that does not read with 1013", async () => {
    for (const bad of [
      "{",
      { type: "viewing" },
      { type: "viewing", fileId: null, role: "owner" },
      { type: "viewing", fileId: "x" },
    ]) {
      const wire = await open(alice);
      wire.say(bad);
      await turn();
      expect(wire.closed).toBe(4400);
    }
    const fast = await open(alice);
    for (let index = 0; index < 25; index++) fast.say({ type: "viewing", fileId: null });
    await turn();
    expect(fast.closed).toBe(4429);
    const slow = await open(alice);
    slow.far.onFrame(() => undefined);
    const ids = Array.from({ length: 1_000 }, () => projectId);
    for (let index = 0; index < 40; index++)
      projects.bus.publish("project-event", { projectId, event: { type: "entries-removed", ids } });
    await turn();
    expect(slow.closed).toBe(1013);
  });
});
