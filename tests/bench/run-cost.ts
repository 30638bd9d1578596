/** What a run through the API costs: CPU of everything involved, sandbox boot and pool refill included, beside the bare interpreter. */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { signInAsGuest } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import type { CpuAccount } from "./cpu-account.ts";
import { SYSTEM_PYTHON } from "./machine.ts";

const run = promisify(execFile);
const PACE_MS = 1000;
const IDLE_MS = 5000;

/** CPU milliseconds per repetition, the idle share of the same time taken off. */
const costOf = async (
  account: CpuAccount,
  options: { readonly repetitions: number; readonly idlePerMs: number },
  work: () => Promise<unknown>,
): Promise<number> => {
  const startedAt = performance.now();
  const start = await account.cpuMs();
  for (let n = 0; n < options.repetitions; n++) {
    await work();
    // The pool refills in this time, so its share is counted.
    await delay(PACE_MS);
  }
  const spent = (await account.cpuMs()) - start;
  return (spent - options.idlePerMs * (performance.now() - startedAt)) / options.repetitions;
};

/** CPU that is spent for each millisecond with a warm server that has nothing to do. */
const idleCost = async (account: CpuAccount): Promise<number> => {
  await delay(IDLE_MS);
  const start = await account.cpuMs();
  await delay(IDLE_MS);
  return ((await account.cpuMs()) - start) / IDLE_MS;
};

/** @param repetitions runs of each program; the figure is coarse below about 20. */
export const benchRunCost = async (server: TestServer, account: CpuAccount, repetitions: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const programs = [
    {
      language: "python",
      entryPoint: "main.py",
      content: 'print("hello")\n',
      command: SYSTEM_PYTHON,
      option: "-c",
    },
    {
      language: "javascript",
      entryPoint: "main.js",
      content: 'console.log("hello");\n',
      command: process.execPath,
      option: "-e",
    },
  ];
  const idlePerMs = await idleCost(account);
  const lines = [
    `  ${"a warm server with nothing to do".padEnd(44)} ${(idlePerMs * 1000).toFixed(1).padStart(5)} CPU-ms each second`,
  ];
  const cost = (work: () => Promise<unknown>): Promise<number> => costOf(account, { repetitions, idlePerMs }, work);
  for (const { language, entryPoint, content, command, option } of programs) {
    const bare = await cost(() => run(command, [option, content]));
    const sandboxed = await cost(() =>
      client.runToEnd({ language, entryPoint, files: [{ path: entryPoint, content }] }),
    );
    lines.push(
      `  ${`${language}: CPU a run through the API`.padEnd(44)} ${sandboxed.toFixed(0).padStart(5)} ms ` +
        `(bare interpreter ${bare.toFixed(0)} ms, difference ${(sandboxed - bare).toFixed(0)} ms, n=${repetitions})`,
    );
  }
  return lines;
};
