/** Every request and every opening socket is answered within 6 s while PostgreSQL is stopped, and everything works after it continues. */
import { once } from "node:events";
import { join } from "node:path";
import { CLOSE, type Project } from "@atelier/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { findPostgresProcesses } from "../../packages/server/src/platform/sql/adapters/postmaster.ts";
import { type Client, signInAsGuest } from "../support/client.ts";
import { startServer, type TestServer } from "../support/server.ts";

const PROMISED_MS = 6_000;

let server: TestServer;
let alice: Client;
let project: Project;
let fileId: string;
beforeAll(async () => {
  server = await startServer({ env: { SANDBOX: "namespaces" } });
  alice = await signInAsGuest(server.origin);
  project = await alice.createProject({ name: "P", visibility: "public" });
  fileId = (await alice.createFile(project.id, "a.txt", "a")).id;
});
afterAll(async () => {
  await signalAll("SIGCONT");
  await server[Symbol.asyncDispose]();
});

const signalAll = async (name: NodeJS.Signals): Promise<number> => {
  const pids = await findPostgresProcesses(join(server.dataDir, "postgres", "data"));
  for (const pid of pids) process.kill(pid, name);
  return pids.length;
};
type Answer = {
  readonly what: string;
  readonly said: number;
  readonly retryAfter: string | null;
  readonly tookMs: number;
};
const ask = async (what: string, method: string, path: string, body?: unknown): Promise<Answer> => {
  const startMs = performance.now();
  const answer = await fetch(`${server.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${alice.token}`, "content-type": "application/json", accept: "text/html" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  const tookMs = performance.now() - startMs;
  return { what, said: answer.status, retryAfter: answer.headers.get("retry-after"), tookMs };
};
const open = async (path: string): Promise<Answer> => {
  const startMs = performance.now();
  const socket = new WebSocket(`${server.origin.replace("http", "ws")}/api${path}?token=${alice.token}`);
  socket.on("error", () => undefined);
  const [said] = (await once(socket, "close")) as [number];
  return { what: path, said, retryAfter: null, tookMs: performance.now() - startMs };
};

it("[S12] PostgreSQL is stopped: 503 with Retry-After, 1013 on sockets, within 6 s; then everything works again", async () => {
  const files = `/api/projects/${project.id}/files`;
  expect(await signalAll("SIGSTOP")).toBeGreaterThan(3);
  const large = "x".repeat(200_000);
  const requests = await Promise.all([
    ask("projects", "GET", "/api/projects"),
    ask("me", "GET", "/api/me"),
    ask("guest", "POST", "/api/auth/guest"),
    ask("tree", "GET", `/api/projects/${project.id}/tree`),
    ask("read", "GET", `${files}?path=a.txt`),
    ask("put", "PUT", files, { path: "a.txt", content: "b" }),
    ask("put large", "PUT", files, { path: "a.txt", content: large }),
    ask("create", "POST", files, { path: "b.txt", content: "b" }),
    ask("fork", "POST", `/api/projects/${project.id}/fork`),
    ask("export", "GET", `/api/projects/${project.id}/export`),
    ask("execution", "GET", "/api/executions/01900000-0000-7000-8000-000000000001"),
    ask("ready", "GET", "/readyz"),
    ask("page", "GET", `/p/${project.slug}`),
  ]);
  for (const { what, said, retryAfter, tookMs } of requests) {
    // The page is served without the facts from the database, and says so.
    expect([what, said]).toEqual([what, what === "page" ? 200 : 503]);
    expect(tookMs, what).toBeLessThan(PROMISED_MS);
    const isProblem = what !== "ready" && what !== "page";
    expect(Number(retryAfter) > 0, what).toBe(isProblem);
  }
  const sockets = await Promise.all([
    open(`/projects/${project.id}/events`),
    open(`/collaborate/${project.id}/${fileId}`),
    open("/executions/01900000-0000-7000-8000-000000000001/stream"),
  ]);
  for (const { what, said, tookMs } of sockets) {
    expect([what, said]).toEqual([what, CLOSE.overloaded]);
    expect(tookMs, what).toBeLessThan(PROMISED_MS);
  }
  const alive = await ask("alive", "GET", "/healthz");
  expect(alive.said).toBe(200);
  await signalAll("SIGCONT");
  await expect.poll(async () => (await ask("ready", "GET", "/readyz")).said, { timeout: 15_000 }).toBe(200);
  expect((await alice.putFile(project.id, "a.txt", "after")).version).toBeGreaterThan(1);
}, 60_000);
