/** Starts the real server in a data folder of its own, for tests and benchmarks, and leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { watchThisProcess } from "../../scripts/lib/watched-run.mjs";
import { removeCgroupsOf } from "./leftovers.ts";
import { endOrphanedDatabase } from "./orphaned-database.ts";

const MAIN = fileURLToPath(new URL("../../packages/server/src/main.ts", import.meta.url));

export type ServerOptions = {
  /** Kept after disposal when given; else a temporary folder that is removed. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly readyWithinMs?: number;
};

export type TestServer = AsyncDisposable & {
  readonly origin: string;
  readonly port: number;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything the server wrote so far. */
  readonly output: () => string;
  /** SIGTERM, then waits for the drain. Resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL to the server process alone: its database goes on, as after a real crash. */
  crash(): Promise<void>;
};

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** @throws Error with the server's output when it ends or is not ready in time (by default three minutes, for busy machines). */
export const startServer = async (options: ServerOptions = {}): Promise<TestServer> => {
  // For a script that is run directly: its servers end with it all the same.
  watchThisProcess();
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "atelier-test-")));
  // As root the database runs as a user of its own, which must be able to pass through.
  if (options.dataDir === undefined) await chmod(dataDir, 0o711);
  const origin = `http://127.0.0.1:${port}`;
  let output = "";
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: dataDir,
      LOG_LEVEL: "info",
      ATELIER_CHECK_ANSWERS: "yes",
      // Nothing is downloaded and built beside a test.
      IMAGES: "on-demand",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-1_000_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exit = once(child, "exit");
  let isCrashed = false;

  const dispose = async (): Promise<void> => {
    if (!ended(child)) {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await exit;
      clearTimeout(late);
    }
    await endOrphanedDatabase(dataDir);
    if (isCrashed) await removeCgroupsOf(dataDir);
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };

  const deadline = Date.now() + (options.readyWithinMs ?? 180_000);
  for (;;) {
    const answer = await fetch(`${origin}/healthz`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (ended(child) || Date.now() > deadline) {
      await dispose();
      throw new Error(`the server did not become ready:\n${output}`);
    }
    await delay(50);
  }

  return {
    origin,
    port,
    dataDir,
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => {
      child.kill("SIGTERM");
      await exit;
      return child.exitCode;
    },
    crash: async () => {
      isCrashed = true;
      child.kill("SIGKILL");
      await exit;
    },
    [Symbol.asyncDispose]: dispose,
  };
};
