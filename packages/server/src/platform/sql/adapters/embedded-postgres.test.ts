import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createId } from "#kernel/ids";
import { silentLog, type Log } from "#kernel/log";
import type { Problem } from "#kernel/problem";
import { migrate } from "../migrate.ts";
import { createEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { createPgSql } from "./pg-sql.ts";
import { clearRemains, findPostgresProcesses } from "./postmaster.ts";
import { clearSocketLock, DataFolderInUse } from "./socket-lock.ts";
import { findSystemAccount } from "./system-account.ts";

const run = promisify(execFile);

let dataDir: string;
let data: string;
const events: string[] = [];
const log: Log = { ...silentLog, info: (event) => void events.push(event), warn: (event) => void events.push(event) };
const open = (): EmbeddedPostgres => createEmbeddedPostgres({ dataDir, log, diesWithParent: true });
const started = async (postgres: EmbeddedPostgres): Promise<EmbeddedPostgres> => {
  await postgres.start(new AbortController().signal);
  return postgres;
};
const postmaster = async (): Promise<number> =>
  Number.parseInt(await readFile(join(data, "postmaster.pid"), "utf8"), 10);

/**
 * Two processes of the database's own account, because PostgreSQL ignores the ids of other accounts' processes: a zombie, whose id is
 * still taken, and another program.
 */
const makeStrangers = async (): Promise<{ pids: number[]; end: () => Promise<void> }> => {
  const account = process.getuid?.() === 0 ? await findSystemAccount("atelier") : undefined;
  // The shell replaces itself by a program that never waits for children. Its child ends only after that, because the shell would reap it.
  const parent = spawn("sh", ["-c", "cat <&3 >/dev/null & echo $!; exec tail -f /dev/null 3<&-"], {
    stdio: ["ignore", "pipe", "ignore", "pipe"],
    cwd: "/",
    ...account,
  });
  const [line] = (await once(parent.stdout as Readable, "data")) as [Buffer];
  const zombie = Number.parseInt(line.toString(), 10);
  const deadline = { timeout: 20_000 };
  await expect.poll(() => readFile(`/proc/${parent.pid ?? 0}/comm`, "utf8"), deadline).toBe("tail\n");
  (parent.stdio[3] as Writable).end();
  const state = async () => (await readFile(`/proc/${zombie}/stat`, "utf8")).split(") ")[1]?.[0];
  await expect.poll(state, deadline).toBe("Z");
  return {
    pids: [zombie, parent.pid ?? 0],
    async end() {
      parent.kill("SIGKILL");
      await once(parent, "exit");
    },
  };
};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "atelier-embedded-"));
  data = join(dataDir, "postgres", "data");
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describe("the bundled PostgreSQL", () => {
  test("[S9] keeps all acknowledged commits through kill -9 of each of its processes, and restarts by itself", async () => {
    const postgres = await started(open());
    const sqlOptions = { url: postgres.url, log: silentLog, maxConnections: 8 };
    const sql = createPgSql(sqlOptions);
    try {
      await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log: silentLog });
      const acknowledged = new Set<string>();
      const refusals: string[] = [];
      let going = true;
      const save = async (): Promise<void> => {
        while (going) {
          const id = createId();
          try {
            await sql.transaction({ role: "identity" }, (t) =>
              t.query("insert into users (id, kind, name) values ($1, 'guest', 'x')", [id]),
            );
            acknowledged.add(id);
          } catch (error) {
            refusals.push((error as Problem).code);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
      };
      const savers = Array.from({ length: 8 }, save);
      let kills = 0;
      let dead = 0;
      for (let round = 0; round < 4; round++) {
        const before = acknowledged.size;
        await expect.poll(() => acknowledged.size > before + 50, { timeout: 20_000 }).toBe(true);
        // Odd rounds leave orphans: only the postmaster dies.
        // The pid file is briefly missing when the next one starts.
        dead = await postmaster().catch(() => dead);
        const victims = round % 2 === 0 ? await findPostgresProcesses(data) : [dead];
        for (const pid of victims) {
          try {
            process.kill(pid, "SIGKILL");
            kills++;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
          }
        }
      }
      // Orphans acknowledge too; the next server starts when they have ended.
      await expect.poll(() => postmaster().catch(() => dead), { timeout: 20_000 }).not.toBe(dead);
      await expect.poll(() => sql.healthy(), { timeout: 20_000 }).toBe(true);
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size > before + 50, { timeout: 20_000 }).toBe(true);
      going = false;
      await Promise.all(savers);
      expect(kills).toBeGreaterThan(4);
      expect(new Set(refusals)).toEqual(new Set(["server/unavailable"]));
      const rows = await sql.transaction({ role: "identity" }, (t) => t.query<{ id: string }>("select id from users"));
      const kept = new Set(rows.map(({ id }) => id));
      expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
      expect(events.filter((event) => event === "postgres.recovered").length).toBeGreaterThanOrEqual(1);
      await expect(started(open())).rejects.toThrow(DataFolderInUse);
      expect(await sql.healthy()).toBe(true);
    } finally {
      await sql[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    }
    expect(await findPostgresProcesses(data)).toEqual([]);
  }, 90_000);

  test("[S9] a database that dies during its adoption is detected at once", async () => {
    const postgres = await started(open());
    try {
      const dying = await postmaster();
      events.length = 0;
      // It is alive, so it is adopted, but does not respond; its dead workers include that of the guard.
      process.kill(dying, "SIGSTOP");
      for (const pid of await findPostgresProcesses(data)) if (pid !== dying) process.kill(pid, "SIGKILL");
      try {
        await expect.poll(() => events.includes("postgres.adopted"), { timeout: 15_000 }).toBe(true);
      } finally {
        process.kill(dying, "SIGKILL");
      }
      await expect.poll(() => events.includes("postgres.recovered"), { timeout: 15_000 }).toBe(true);
      expect(await postmaster()).not.toBe(dying);
    } finally {
      await postgres[Symbol.asyncDispose]();
    }
  }, 90_000);

  test("[S10] a pid file with the id of another user's process does not prevent the start", async () => {
    await writeFile(join(data, "postmaster.pid"), `${process.pid}\n${data}\n1700000000\n5432\n/nowhere\n\n 1 1\n`);
    const postgres = await started(open());
    await postgres[Symbol.asyncDispose]();
    expect(await findPostgresProcesses(data)).toEqual([]);
  });

  test("[S10] lock files of a dead server are removed, also when their process id belongs to a zombie or another program", async () => {
    const lock = (folder: string) => join(folder, ".s.PGSQL.5432.lock");
    const socketFolder = join(dataDir, "postgres", "socket");
    const strangers = await makeStrangers();
    try {
      for (const pid of strangers.pids) {
        const words = `${pid}\n${data}\n1700000000\n5432\n${socketFolder}\n`;
        await writeFile(join(data, "postmaster.pid"), `${words}\n 1 1\n`);
        await writeFile(lock(socketFolder), words);
        await writeFile(join(socketFolder, ".s.PGSQL.5432"), "");
        const postgres = await started(open());
        expect(await findPostgresProcesses(data)).toContain(await postmaster());
        expect(await readFile(lock(socketFolder), "utf8")).toContain(`${await postmaster()}\n`);
        await postgres[Symbol.asyncDispose]();
      }
    } finally {
      await strangers.end();
    }
  });

  test("[S10] the lock files of a running server, and those of another data folder, are kept", async () => {
    const postgres = await started(open());
    const socketFolder = join(dataDir, "postgres", "socket");
    const file = join(socketFolder, ".s.PGSQL.5432.lock");
    try {
      const before = [await readFile(file, "utf8"), await readFile(join(data, "postmaster.pid"), "utf8")];
      await clearRemains(data);
      await expect(clearSocketLock({ dataFolder: data, socketFolder })).rejects.toThrow(DataFolderInUse);
      // Also when its processes are invisible, as from another container: it responds on its socket.
      await expect(clearSocketLock({ dataFolder: data, socketFolder, findProcesses: async () => [] })).rejects.toThrow(
        DataFolderInUse,
      );
      expect([await readFile(file, "utf8"), await readFile(join(data, "postmaster.pid"), "utf8")]).toEqual(before);
    } finally {
      await postgres[Symbol.asyncDispose]();
    }
    const foreign = `${process.pid}\n/somewhere/else\n1700000000\n5432\n${socketFolder}\n`;
    await writeFile(file, foreign);
    await clearSocketLock({ dataFolder: data, socketFolder });
    expect(await readFile(file, "utf8")).toBe(foreign);
    await rm(file);
  });

  test("[S10] after a kill of the server the database keeps running, and the next server adopts it", async () => {
    const program = `
      import { createEmbeddedPostgres } from ${JSON.stringify(join(import.meta.dirname, "embedded-postgres.ts"))};
      const quiet = { debug() {}, info() {}, warn() {}, error() {}, with() { return quiet; } };
      const postgres = createEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: quiet });
      await postgres.start(new AbortController().signal);
      process.kill(process.pid, "SIGKILL");`;
    await expect(run(process.execPath, ["--input-type=module", "--eval", program])).rejects.toMatchObject({
      signal: "SIGKILL",
    });
    const left = await postmaster();
    expect(await findPostgresProcesses(data)).toContain(left);
    events.length = 0;
    const postgres = await started(open());
    expect(events).toContain("postgres.adopted");
    expect(await postmaster()).toBe(left);
    await postgres[Symbol.asyncDispose]();
    expect(await findPostgresProcesses(data)).toEqual([]);
  });

  test("[S10] a forced end of the server ends its database, and the next start recovers it", async () => {
    const postgres = await started(open());
    const before = await postmaster();
    postgres.endNow();
    await expect.poll(() => findPostgresProcesses(data), { timeout: 10_000 }).toEqual([]);
    await postgres[Symbol.asyncDispose]();
    const again = await started(open());
    expect(await postmaster()).not.toBe(before);
    await again[Symbol.asyncDispose]();
    expect(await findPostgresProcesses(data)).toEqual([]);
  });

  test("[S11] is in its own session, listens on no network, and its files and socket are private", async () => {
    const postgres = await started(open());
    try {
      const pid = await postmaster();
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      expect(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3])).toBe(pid);
      const sql = createPgSql({ url: postgres.url, log: silentLog });
      const [row] = await sql.transaction({ role: "jobs" }, (t) =>
        t.query<Record<string, string>>(
          `select current_setting('listen_addresses') as listen, current_setting('fsync') as fsync,
            current_setting('full_page_writes') as pages, current_setting('synchronous_commit') as commits,
            current_setting('data_checksums') as sums, current_setting('unix_socket_permissions') as socket`,
        ),
      );
      expect(row).toEqual({ listen: "", fsync: "on", pages: "on", commits: "on", sums: "on", socket: "0700" });
      await sql[Symbol.asyncDispose]();
      const inspect = await run("stat", ["-c", "%a", join(dataDir, "postgres"), data]);
      expect(inspect.stdout.trim().split("\n")).toEqual(["700", "700"]);
    } finally {
      await postgres[Symbol.asyncDispose]();
    }
  });

  test("[S11] a data folder with a very long path still gets a socket", async () => {
    const long = join(dataDir, "x".repeat(90));
    const postgres = createEmbeddedPostgres({ dataDir: long, log: silentLog, diesWithParent: true });
    await postgres.start(new AbortController().signal);
    try {
      expect(new URL(postgres.url).searchParams.get("host")?.length).toBeLessThan(93);
    } finally {
      await postgres[Symbol.asyncDispose]();
      await rm(new URL(postgres.url).searchParams.get("host") ?? "", { recursive: true, force: true });
    }
  });
});
