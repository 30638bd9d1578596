/** The server process of test-database.ts: one PostgreSQL with a migrated template, until no test is connected. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#kernel/log";
import { createEmbeddedPostgres } from "./adapters/embedded-postgres.ts";
import { migrate } from "./migrate.ts";
import { testServerAddress } from "./test-database.ts";

/** It stays for this time after the last test, because a start costs seconds of CPU time; the end of a run ends it (tests/support/watch-vitest.ts). */
const LINGER_MS = 60_000;

const dataDir = await mkdtemp(join(tmpdir(), "atelier-test-database-"));
const postgres = createEmbeddedPostgres({
  dataDir,
  log: silentLog,
  diesWithParent: true,
  // Without fsync: tests about power cuts start servers of their own.
  settings: { fsync: "off", max_connections: "200" },
});

const sockets = new Set<Socket>();
let stopTimer: NodeJS.Timeout | undefined;

const stop = async (): Promise<void> => {
  server.close();
  await postgres[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
  process.exit(0);
};

const stopWhenUnused = (): void => {
  clearTimeout(stopTimer);
  if (sockets.size === 0) stopTimer = setTimeout(() => void stop(), LINGER_MS);
};

const prepare = async (): Promise<string> => {
  try {
    await postgres.start(new AbortController().signal);
    await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log: silentLog });
    return JSON.stringify({ adminUrl: postgres.adminUrl, url: postgres.url });
  } catch (error) {
    return JSON.stringify({ fault: `The test database did not start: ${(error as Error).message}` });
  } finally {
    stopWhenUnused();
  }
};

let ready: Promise<string> | undefined;
const server = createServer((socket) => {
  sockets.add(socket);
  clearTimeout(stopTimer);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    sockets.delete(socket);
    stopWhenUnused();
  });
  void ready?.then((line) => socket.write(`${line}\n`));
});
server.on("error", () => {
  // Another server has the address.
  void rm(dataDir, { recursive: true, force: true }).then(() => process.exit(0));
});
server.listen(await testServerAddress(), () => {
  ready = prepare();
});
