/** Two servers on one database, with homes in PostgreSQL: neither ends executions and documents of the other, and those of a dead server become free. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Execution } from "@atelier/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../packages/server/src/platform/sql/test-database.ts";
import { type Client, signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStockClient } from "../support/stock-client.ts";

let database: TestDatabase;
let blobs: string;
const servers: TestServer[] = [];
beforeAll(async () => {
  database = await openTestDatabase();
  blobs = await mkdtemp(join(tmpdir(), "atelier-shared-blobs-"));
  await chmod(blobs, 0o711);
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(blobs, { recursive: true, force: true });
});

const start = async (): Promise<TestServer> => {
  const server = await startServer({
    env: {
      DATABASE_URL: database.adminUrl,
      HOMES: "postgres",
      SECRET_KEY: "the same for both servers, as documented",
      BLOBS_DIR: blobs,
    },
  });
  servers.push(server);
  return server;
};

/** The same user through another server. */
const through = (origin: string, { token }: Client) => ({
  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${origin}/api${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  },
});

it("a second server ends nothing of the first; when the first dies, its documents and runs become free", async () => {
  const first = await start();
  const client = await signInAsGuest(first.origin);
  const project = await client.createProject({ name: "shared" });
  const file = await client.createFile(project.id, "notes.txt", "seed\n");
  const big = "x".repeat(300_000);
  await client.createFile(project.id, "big.txt", big);
  using typist = await openStockClient(client, { projectId: project.id, fileId: file.id });
  const run = await client.startExecution({
    language: "python",
    entryPoint: "main.py",
    files: [{ path: "main.py", content: "import time\nfor n in range(600): time.sleep(0.1)" }],
    limits: { wallMs: 30_000 },
  });
  const statusOf = async (): Promise<string> =>
    ((await client.call("GET", `/executions/${run.id}`)) as Execution).status;
  await eventually(async () => expect(await statusOf()).toBe("running"), 60_000);

  const second = await start();
  const other = through(second.origin, client);
  expect((await other.get<Execution>(`/executions/${run.id}`)).status).not.toBe("system-error");
  expect(await statusOf()).toBe("running");
  typist.text.insert(0, "typed while two servers ran\n");
  await typist.roundTrip();
  // Refused while the edit is in no version, then the newest text; never an old one.
  const path = `/projects/${project.id}/files?path=`;
  await eventually(async () => {
    const { content } = await other.get<{ content: string }>(`${path}notes.txt`);
    expect(content).toBe("typed while two servers ran\nseed\n");
  }, 30_000);
  expect((await other.get<{ content: string }>(`${path}big.txt`)).content).toBe(big);

  typist.text.insert(0, "last words\n");
  await typist.roundTrip();
  // Long enough for the log (50 ms), too short for the checkpoint (2 s).
  await delay(500);
  await first.crash();
  await eventually(async () => {
    expect((await other.get<Execution>(`/executions/${run.id}`)).status).toBe("system-error");
    const { content } = await other.get<{ content: string }>(`${path}notes.txt`);
    expect(content).toBe("last words\ntyped while two servers ran\nseed\n");
  }, 60_000);
  expect(await second.stop()).toBe(0);
});
