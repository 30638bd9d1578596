/** What a run costs the machine: CPU of everything involved, sandbox boot and pool refill included, beside the bare interpreter. */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { signInAsGuest } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { machineCpuMs, SYSTEM_PYTHON } from "./machine.ts";

const run = promisify(execFile);
const PACE_MS = 1000;
const IDLE_MS = 5000;

/** CPU milliseconds per repetition, the machine's idle share of the same time taken off. */
const costOf = async (repetitions: number, idlePerMs: number, work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  const start = await machineCpuMs();
  for (let n = 0; n < repetitions; n++) {
    await work();
    // The pool refills in this time, so its share is counted.
    await delay(PACE_MS);
  }
  const spent = (await machineCpuMs()) - start;
  return (spent - idlePerMs * (performance.now() - startedAt)) / repetitions;
};

/** CPU that the machine spends for each millisecond with a warm server that has nothing to do. */
const idleCost = async (): Promise<number> => {
  await delay(IDLE_MS);
  const start = await machineCpuMs();
  await delay(IDLE_MS);
  return ((await machineCpuMs()) - start) / IDLE_MS;
};

/** @param repetitions runs of each program; the figure is coarse below about 20. */
export const benchRunCost = async (server: TestServer, repetitions: number): Promise<string[]> => {
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
  const lines: string[] = [];
  const idlePerMs = await idleCost();
  for (const { language, entryPoint, content, command, option } of programs) {
    const bare = await costOf(repetitions, idlePerMs, () => run(command, [option, content]));
    const sandboxed = await costOf(repetitions, idlePerMs, () =>
      client.runToEnd({ language, entryPoint, files: [{ path: entryPoint, content }] }),
    );
    lines.push(
      `  ${`${language}: CPU a run, whole machine`.padEnd(44)} ${sandboxed.toFixed(0).padStart(5)} ms ` +
        `(bare interpreter ${bare.toFixed(0)} ms, difference ${(sandboxed - bare).toFixed(0)} ms, n=${repetitions})`,
    );
  }
  return lines;
};
