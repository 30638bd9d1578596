/** S1 and S2: from `npm start` to the first answer, and from ^C to the end, on a machine that has everything. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/server.ts";
import { line, summarise } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOOK_EVERY_MS = 5;
const LONGEST_START_MS = 90_000;
/** A second of life: the first sandboxes boot behind the listening server. */
const LIFE_MS = 1000;

type Life = { readonly listeningMs: number; readonly stoppingMs: number };

const liveOnce = async (dataDir: string): Promise<Life> => {
  const port = await freePort();
  const beganAt = performance.now();
  const child = spawn(process.execPath, [join(ROOT, "scripts/start.mjs")], {
    cwd: ROOT,
    stdio: "ignore",
    env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", DATA_DIR: dataDir },
  });
  const ended = once(child, "exit");
  const answers = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok === true;
  while (!(await answers())) {
    const waitedMs = performance.now() - beganAt;
    if (child.exitCode !== null || waitedMs > LONGEST_START_MS) {
      child.kill("SIGTERM");
      throw new Error(`not listening after ${Math.round(waitedMs)} ms`);
    }
    await delay(LOOK_EVERY_MS);
  }
  const listeningMs = performance.now() - beganAt;
  await delay(LIFE_MS);
  const stoppedAt = performance.now();
  child.kill("SIGINT");
  await ended;
  return { listeningMs, stoppingMs: performance.now() - stoppedAt };
};

/** @param rounds starts after the first one, which makes the database. */
export const benchStart = async (rounds: number): Promise<string[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), "atelier-start-"));
  try {
    // As root the database has a user of its own, which has to get through.
    await chmod(dataDir, 0o711);
    const first = await liveOnce(dataDir);
    const later: Life[] = [];
    for (let round = 0; round < rounds; round++) later.push(await liveOnce(dataDir));
    return [
      line("an empty data folder: listening", summarise([first.listeningMs])),
      line("a later start: listening", summarise(later.map(({ listeningMs }) => listeningMs))),
      line("^C -> ended", summarise(later.map(({ stoppingMs }) => stoppingMs))),
    ];
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};
