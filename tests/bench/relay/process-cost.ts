/** CPU time and memory of single processes, from /proc, and a garbage collection on request. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { findDatabase } from "../../support/orphaned-database.ts";

/** The kernel counts in ticks of 1/100 s wherever Node runs. */
const TICK_MS = 10;

type Stat = { readonly parent: number; readonly ownMs: number; readonly endedChildrenMs: number };

const readStat = async (pid: number): Promise<Stat | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name, in parentheses, may hold anything.
  const fields = text
    ?.slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  if (fields === undefined) return undefined;
  const [, parent = 0] = fields;
  const [userTicks = 0, systemTicks = 0, childUserTicks = 0, childSystemTicks = 0] = fields.slice(11, 15);
  return {
    parent,
    ownMs: (userTicks + systemTicks) * TICK_MS,
    endedChildrenMs: (childUserTicks + childSystemTicks) * TICK_MS,
  };
};

/** User and system time of all threads of a process, in ms. @throws Error when it has ended */
export const cpuOf = async (pid: number): Promise<number> => {
  const stat = await readStat(pid);
  if (stat === undefined) throw new Error(`process ${pid} has ended`);
  return stat.ownMs;
};

/** The same of the database in a server's data folder, with all its processes, also those that have ended. */
export const databaseCpu = async (dataDir: string): Promise<number> => {
  const postmaster = await findDatabase(dataDir);
  const own = postmaster === undefined ? undefined : await readStat(postmaster);
  if (own === undefined) throw new Error("no database runs in the data folder");
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const stats = await Promise.all(pids.map(readStat));
  return stats.reduce(
    (sum, stat) => sum + (stat !== undefined && stat.parent === postmaster ? stat.ownMs : 0),
    own.ownMs + own.endedChildrenMs,
  );
};

/** Resident memory in MiB, without the pages of files that it maps. */
export const residentMiB = async (pid: number): Promise<{ readonly all: number; readonly anonymous: number }> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "mu").exec(status)?.[1]);
  return { all: kib("VmRSS") / 1024, anonymous: kib("RssAnon") / 1024 };
};

/** Two collections: the second also frees what the first one's finalizers let go. */
const COLLECTIONS = 2;
const SETTLE_MS = 1_000;

/**
 * Collects the garbage of a Node process through its inspector, which it opens at SIGUSR1 on a free port if it was started with
 * NODE_OPTIONS=--inspect-port=0.
 * @param output all that the process wrote so far
 */
export const collectGarbage = async (pid: number, output: () => string): Promise<void> => {
  process.kill(pid, "SIGUSR1");
  const address = async (): Promise<string> => {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = /Debugger listening on (ws:\S+)/u.exec(output())?.[1];
      if (found !== undefined) return found;
      await delay(50);
    }
    throw new Error("the inspector did not open");
  };
  const inspector = new WebSocket(await address());
  try {
    await new Promise<void>((resolve, reject) => {
      let done = 0;
      const collect = (): void =>
        inspector.send(JSON.stringify({ id: done + 1, method: "HeapProfiler.collectGarbage" }));
      inspector.onopen = collect;
      inspector.onerror = () => reject(new Error("the inspector does not answer"));
      inspector.onmessage = () => {
        done += 1;
        if (done === COLLECTIONS) resolve();
        else collect();
      };
    });
  } finally {
    inspector.close();
  }
  await delay(SETTLE_MS);
};
