/** [P40] The audit log records reads by members who joined by a share link: once an hour for each project and sign-in. */
import type { Actor } from "#kernel/actor";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { type Execution, routes, sockets } from "@atelier/contracts";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { actorNamed, callAs, createEdgeFixture, type EdgeFixture } from "../../platform/http/test-edge.ts";
import { createLinkReads, type LinkReads } from "./index.ts";

const PROJECT = "01900000-0000-7000-8000-000000000001";
const LINK = "01900000-0000-7000-8000-00000000000a";
const [alice] = [actorNamed("alice")];
let fixture: EdgeFixture;
let origin = "";
let asked: string[] = [];
let reader: LinkReads;
let answer: () => Promise<string | undefined>;
const clock = createManualClock();
const time = new Date(0).toISOString();
const execution: Execution = {
  id: PROJECT,
  projectId: PROJECT,
  userId: alice.userId,
  language: "python",
  runtime: { id: "python", version: "3" },
  entryPoint: "main.py",
  args: [],
  tty: false,
  limits: { wallMs: 1, cpuMs: 1, memoryBytes: 1, outputBytes: 1 },
  fileVersions: {},
  status: "succeeded",
  exitCode: 0,
  signal: null,
  stdout: "",
  stderr: "",
  truncated: false,
  stage: "run",
  sandbox: "gvisor",
  limitsEnforcement: "cgroup",
  queuedAt: time,
  startedAt: time,
  endedAt: time,
  waitingSince: null,
  usage: { wallMs: 1, cpuMs: 1, memoryPeakBytes: 1, outputBytes: 1 },
  codeHash: "",
  collected: [],
  stages: [],
  errors: [],
  hints: [],
};

beforeEach(async () => {
  asked = [];
  answer = async () => LINK;
  fixture = createEdgeFixture();
  const linkOf = (userId: Actor["userId"], projectId: string): Promise<string | undefined> => {
    asked.push(`${userId} ${projectId}`);
    return answer();
  };
  const audit = { record: (entry: (typeof fixture.audited)[number]) => void fixture.audited.push(entry) };
  reader = createLinkReads({ projects: { linkOf }, audit, clock, log: silentLog });
  const edge = reader.through(fixture.server);
  edge.bind(routes.tree, async () => ({ status: 200 as const, body: { entries: [] } }));
  edge.bind(routes.languages, async () => ({ status: 200 as const, body: [] }));
  edge.bind(routes.deleteProject, async () => ({ status: 204 as const, body: undefined }));
  edge.socket(sockets.projectEvents, { maxFrameBytes: 100 }, ({ channel }) => channel.close(1000, ""));
  // The path of an execution has no project: the response or the socket's handler names it.
  edge.bind(routes.getExecution, async () => ({ status: 200 as const, body: execution }));
  edge.bind(routes.listExecutions, async () => ({ status: 200 as const, body: { items: [] } }));
  edge.socket(sockets.executionStream, { maxFrameBytes: 100 }, ({ channel, reads: said }) => {
    if (execution.projectId !== null) said(execution.projectId);
    channel.close(1000, "");
  });
  origin = await fixture.listen();
});
afterEach(() => fixture[Symbol.asyncDispose]());

const call = (path: string, method = "GET", user: "alice" | "bob" = "alice") =>
  callAs(user, `${origin}/api${path}`, { method });
const reads = () => fixture.audited.filter(({ action }) => action === "project.read-by-link");

it("[P40] one row for any number of reads, with the link and the address", async () => {
  for (let at = 0; at < 5; at += 1) await call(`/projects/${PROJECT}/tree`);
  await vi.waitFor(() =>
    expect(reads()).toEqual([
      expect.objectContaining({ userId: alice.userId, projectId: PROJECT, target: LINK, address: "127.0.0.1" }),
    ]),
  );
  expect(asked).toHaveLength(1);
  clock.advance(3_600_001);
  await call(`/projects/${PROJECT}/tree`);
  await vi.waitFor(() => expect(reads()).toHaveLength(2));
});

it("[P40] opening a socket of the project is a read", async () => {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/api/projects/${PROJECT}/events?token=token-of-alice`);
  await once(socket, "close");
  await vi.waitFor(() => expect(reads()).toHaveLength(1));
});

it.each([
  ["an execution", `/executions/${PROJECT}`],
  ["a project's executions", `/projects/${PROJECT}/executions`],
])("[P40] %s alone is a read", async (_what, path) => {
  for (let at = 0; at < 3; at += 1) expect((await call(path)).status).toBe(200);
  await vi.waitFor(() => expect(reads()).toEqual([expect.objectContaining({ projectId: PROJECT, target: LINK })]));
  expect(asked).toHaveLength(1);
});

it("[P40] an execution's stream alone is a read, and counts in the same hour", async () => {
  const listen = async () => {
    const at = `${origin.replace("http", "ws")}/api/executions/${PROJECT}/stream?token=token-of-alice`;
    await once(new WebSocket(at), "close");
  };
  await listen();
  await vi.waitFor(() => expect(reads()).toEqual([expect.objectContaining({ projectId: PROJECT, target: LINK })]));
  await listen();
  await call(`/executions/${PROJECT}`);
  await call(`/projects/${PROJECT}/tree`);
  expect(asked).toHaveLength(1);
});

it("[P40] the page with its first file is a read", async () => {
  reader.note(alice, PROJECT, { id: "r", address: "127.0.0.1" });
  await vi.waitFor(() => expect(reads()).toEqual([expect.objectContaining({ target: LINK, requestId: "r" })]));
});

it("[P40] no row for members added by the owner, for reads outside of projects, and for changes", async () => {
  answer = async () => undefined;
  await call(`/projects/${PROJECT}/tree`);
  await call("/languages");
  await call(`/projects/${PROJECT}`, "DELETE", "bob");
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await answer();
  expect(reads()).toEqual([]);
});

it("[P40] a failed look-up is repeated with the next read", async () => {
  answer = () => Promise.reject(new Error("planted"));
  await call(`/projects/${PROJECT}/tree`);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  answer = async () => LINK;
  await vi.waitFor(async () => {
    await call(`/projects/${PROJECT}/tree`);
    expect(reads()).toHaveLength(1);
  });
});
