/** Two servers on one database with a link between them: whatever is opened through either is one thing, and a cut link loses nothing. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Execution,
  hasEnded,
  type LiveSessions,
  preferredColor,
  type ProjectEventFrame,
  type StreamServerMessage,
} from "@atelier/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { openTestDatabase, type TestDatabase } from "../../packages/server/src/platform/sql/test-database.ts";
import { type Client, signInAsGuest } from "../support/client.ts";
import { type CuttableProxy, openCuttableProxy } from "../support/cuttable-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { freePort, startServer, type TestServer } from "../support/server.ts";
import { openStockClient } from "../support/stock-client.ts";

let database: TestDatabase;
let blobs: string;
let links: CuttableProxy[] = [];
let servers: TestServer[] = [];
let first: TestServer;
let second: TestServer;

/** A server whose link address leads over a line that can be cut. */
const start = async (): Promise<TestServer> => {
  const port = await freePort();
  const line = await openCuttableProxy(port);
  links.push(line);
  const server = await startServer({
    env: {
      DATABASE_URL: database.adminUrl,
      HOMES: "postgres",
      LINK_PORT: String(port),
      LINK_ADDRESS: new URL(line.origin).host,
      SECRET_KEY: "the same for both servers, as documented",
      BLOBS_DIR: blobs,
      SANDBOX: "namespaces",
    },
  });
  servers.push(server);
  return server;
};

beforeAll(async () => {
  database = await openTestDatabase();
  blobs = await mkdtemp(join(tmpdir(), "atelier-linked-blobs-"));
  await chmod(blobs, 0o711);
  first = await start();
  second = await start();
}, 240_000);
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  for (const line of links) await line[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(blobs, { recursive: true, force: true });
  [servers, links] = [[], []];
});

/** The same user through the second server. */
const throughSecond = ({ token }: Client) => ({
  origin: second.origin,
  token,
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${second.origin}/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.json();
  },
});

const listen = (origin: string, path: string, { token }: Client) => {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/api${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const closed: number[] = [];
  socket.on("error", () => undefined);
  socket.on("close", (code) => closed.push(code));
  return { socket, closed };
};

/** Events of a project, through one of the servers. */
const follow = (origin: string, client: Client, projectId: string) => {
  const events: ProjectEventFrame["event"][] = [];
  const opened = listen(origin, `/projects/${projectId}/events`, client);
  opened.socket.on("message", (data: Buffer) => events.push((JSON.parse(data.toString()) as ProjectEventFrame).event));
  const paths = () =>
    events.flatMap((event) => (event.type === "entries-changed" ? event.entries.map(({ path }) => path) : []));
  return { ...opened, events, paths };
};

it("a document and a project's events are one, through whichever server they are opened; a cut loses nothing", async () => {
  const client = await signInAsGuest(first.origin);
  const other = throughSecond(client);
  const project = await client.createProject({ name: "linked" });
  const file = await client.createFile(project.id, "notes.txt", "seed\n");
  const at = { projectId: project.id, fileId: file.id };
  const heard = [first, second].map(({ origin }) => follow(origin, client, project.id));
  using here = await openStockClient(client, at);
  using there = await openStockClient(other, at);
  await eventually(() => {
    for (const { events } of heard)
      expect(events.findLast(({ type }) => type === "presence")).toMatchObject({ presence: [{}, {}] });
  });
  here.text.insert(0, "from the first, ");
  there.text.insert(there.text.length, "from the second\n");
  const both = "from the first, seed\nfrom the second\n";
  await eventually(() => expect([here, there].map(({ text }) => text.toJSON())).toEqual([both, both]));

  // Requests for the document go to its home: reading returns the newest text at once, and a version from outside is merged.
  const path = `/projects/${project.id}/files`;
  expect(await other.call("GET", `${path}?path=notes.txt`)).toMatchObject({ content: both });
  there.text.insert(0, "1");
  await there.roundTrip();
  await eventually(() => expect(here.text.toJSON()).toBe(`1${both}`));
  const read = (await other.call("GET", `${path}?path=notes.txt`)) as { version: number };
  expect(read).toMatchObject({ content: `1${both}` });
  const { version } = read;
  await other.call("PUT", path, { path: "notes.txt", content: `1${both}put\n`, version });
  await eventually(() => expect(here.text.toJSON()).toBe(`1${both}put\n`), 10_000);
  await other.call("POST", path, { path: "made-by-the-second.txt", content: "" });
  await client.createFile(project.id, "made-by-the-first.txt", "");
  await eventually(() => {
    for (const { paths } of heard)
      expect(paths()).toEqual(expect.arrayContaining(["made-by-the-first.txt", "made-by-the-second.txt"]));
  });

  for (const line of links) await line.cut();
  await eventually(() => expect(heard.some(({ closed }) => closed.length > 0)).toBe(true));
  here.text.insert(0, "typed here while it was cut, ");
  there.text.insert(there.text.length, "typed there while it was cut\n");
  await other.call("POST", path, { path: "made-while-cut.txt", content: "" });
  for (const line of links) await line.mend();
  await eventually(() => {
    const [mine, theirs] = [here.text.toJSON(), there.text.toJSON()];
    expect(mine).toBe(theirs);
    expect(mine).toBe(`typed here while it was cut, 1${both}put\ntyped there while it was cut\n`);
  }, 30_000);
  // Connections that stayed open get a message that events were lost, and so read the project again.
  const stayed = heard.filter(({ closed }) => closed.length === 0);
  expect(stayed).toHaveLength(1);
  await eventually(() => {
    for (const { events } of stayed) expect(events.filter(({ type }) => type === "hello").length).toBeGreaterThan(1);
  }, 30_000);
  for (const { socket } of heard) socket.terminate();
}, 120_000);

it("the other server streams a run, accepts its input, reads its state and stops it", async () => {
  const client = await signInAsGuest(first.origin);
  const other = throughSecond(client);
  const startRun = (content: string): Promise<Execution> =>
    client.startExecution({ language: "python", entryPoint: "main.py", files: [{ path: "main.py", content }] });
  const run = await startRun("print('begun', flush=True)\nprint('got', input())\nfor n in range(2000): print(n)");
  let output = "";
  const messages: StreamServerMessage[] = [];
  const { socket, closed } = listen(second.origin, `/executions/${run.id}/stream`, client);
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) output += data.subarray(1).toString();
    else messages.push(JSON.parse(data.toString()) as StreamServerMessage);
  });
  await eventually(() => expect(output).toContain("begun"), 60_000);
  expect(((await other.call("GET", `/executions/${run.id}`)) as Execution).status).toBe("running");
  socket.send(Buffer.from("typed at the second\n"));
  await eventually(() => expect(closed).toEqual([1000]), 30_000);
  expect(output).toContain("got typed at the second\n0\n1\n");
  expect(output.endsWith("1998\n1999\n")).toBe(true);
  expect(messages.at(-1)).toMatchObject({ type: "exit", execution: { status: "succeeded" } });

  const endless = await startRun("import time\nwhile True: time.sleep(1)");
  await eventually(async () =>
    expect(((await other.call("GET", `/executions/${endless.id}`)) as Execution).status).toBe("running"),
  );
  expect(await other.call("DELETE", `/executions/${endless.id}`)).toMatchObject({ status: "cancelled" });
  expect(hasEnded(((await client.call("GET", `/executions/${endless.id}`)) as Execution).status)).toBe(true);
}, 120_000);

it("runs are listed as they are now through either server, and one that waits runs what was deleted meanwhile", async () => {
  const client = await signInAsGuest(first.origin);
  const other = throughSecond(client);
  const { id: projectId } = await client.createProject({ name: "queue" });
  await client.createFile(projectId, "sleep.py", "import time\ntime.sleep(100)\n");
  await client.createFile(projectId, "main.py", "print(len(open('large.txt').read()))\n");
  // Too large to stay in memory until its run's turn.
  await client.createFile(projectId, "large.txt", "x".repeat(17 * 1024 * 1024));
  const startRun = (entryPoint: string): Promise<Execution> =>
    client.startExecution({ language: "python", projectId, entryPoint });
  const sleeping = [];
  for (let n = 0; n < 4; n += 1) sleeping.push(await startRun("sleep.py"));
  const waiting = await startRun("main.py");
  const listed = async (through: { call: Client["call"] }): Promise<string[]> => {
    const { items } = (await through.call("GET", `/projects/${projectId}/executions`)) as { items: Execution[] };
    return items.map(({ status }) => status);
  };
  const states = ["queued", "running", "running", "running", "running"];
  await eventually(async () => expect(await listed(client)).toEqual(states), 60_000);
  expect(await listed(other)).toEqual(states);
  for (const path of ["main.py", "large.txt"]) await client.call("DELETE", `/projects/${projectId}/files?path=${path}`);
  for (const { id } of sleeping) await other.call("DELETE", `/executions/${id}`);
  await eventually(async () => {
    const ended = (await other.call("GET", `/executions/${waiting.id}`)) as Execution;
    expect(ended).toMatchObject({ status: "succeeded", stdout: `${17 * 1024 * 1024}\n` });
  }, 60_000);
}, 120_000);

it("people who are connected to different servers have different colours", async () => {
  const owner = await signInAsGuest(first.origin);
  const project = await owner.createProject({ name: "colours" });
  const { token } = (await owner.call("POST", `/projects/${project.id}/links`, { role: "editor" })) as {
    token: string;
  };
  // Guests, until two of them would have the same colour if each were alone.
  const guests: Client[] = [];
  const alike = (): Client[] | undefined =>
    [...Map.groupBy(guests, ({ user }) => preferredColor(user.id)).values()].find((same) => same.length > 1);
  while (alike() === undefined) guests.push(await signInAsGuest(first.origin));
  const [one, two] = alike() ?? [];
  if (one === undefined || two === undefined) throw new Error("no two guests");
  for (const guest of [one, two]) await guest.call("POST", `/links/${token}/accept`);
  const fileOf = async (path: string) => ({
    projectId: project.id,
    fileId: (await owner.createFile(project.id, path, "")).id,
  });
  using here = await openStockClient(one, await fileOf("one.txt"));
  using there = await openStockClient(throughSecond(two), await fileOf("two.txt"));
  expect([here, there].map(({ text }) => text.toJSON())).toEqual(["", ""]);
  const path = `/projects/${project.id}/sessions`;
  await eventually(async () => {
    const { people } = (await throughSecond(owner).call("GET", path)) as LiveSessions;
    expect(people).toHaveLength(2);
    expect(new Set(people.map(({ color }) => color)).size).toBe(2);
  });
}, 60_000);

it("rights removed on one server end the channel that the other one relays, and a sign-out ends every socket", async () => {
  const owner = await signInAsGuest(first.origin);
  const project = await owner.createProject({ name: "rights", visibility: "private" });
  const file = await owner.createFile(project.id, "notes.txt", "");
  using mine = await openStockClient(owner, { projectId: project.id, fileId: file.id });
  expect(mine.text.toJSON()).toBe("");
  const stranger = await signInAsGuest(second.origin);
  const refused = listen(second.origin, `/collaborate/${project.id}/${file.id}?v=1`, stranger);
  await eventually(() => expect(refused.closed).toEqual([4404]));
  const link = (await owner.call("POST", `/projects/${project.id}/links`, { role: "editor" })) as { token: string };
  await stranger.call("POST", `/links/${link.token}/accept`);
  const relayed = listen(second.origin, `/collaborate/${project.id}/${file.id}?v=1`, stranger);
  let frames = 0;
  relayed.socket.on("message", () => (frames += 1));
  await eventually(() => expect(frames).toBeGreaterThan(0));
  await owner.call("DELETE", `/projects/${project.id}/members/${stranger.user.id}`);
  await eventually(() => expect(relayed.closed).toEqual([4403]), 10_000);
  const own = listen(second.origin, `/collaborate/${project.id}/${file.id}?v=1`, owner);
  own.socket.on("message", () => (frames += 1));
  const before = frames;
  await eventually(() => expect(frames).toBeGreaterThan(before));
  await owner.call("POST", "/auth/logout");
  await eventually(() => expect(own.closed).toEqual([4401]), 10_000);
}, 120_000);
