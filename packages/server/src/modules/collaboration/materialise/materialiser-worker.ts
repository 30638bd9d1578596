/** Entry point of the worker thread: does one piece of work after the other. */
import { parentPort } from "node:worker_threads";
import { work, type Work } from "./materialise.ts";

export type WorkRequest = { readonly id: number; readonly name: keyof Work; readonly argument: unknown };
export type WorkAnswer =
  /** Sent once, when the thread is ready: its start must not count as time of the first work. */
  | { readonly isReady: true }
  /** `cpuMs` is the time that this thread used. */
  | ({ readonly id: number; readonly cpuMs: number } & ({ readonly result: unknown } | { readonly error: string }));

const perform = ({ id, name, argument }: WorkRequest): WorkAnswer => {
  const before = process.threadCpuUsage();
  const cpuMs = (): number => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  try {
    // The names and arguments come from materialiser.ts, which has the types.
    const result = (work[name] as (argument: unknown) => unknown)(argument);
    return { id, result, cpuMs: cpuMs() };
  } catch (error) {
    return { id, error: error instanceof Error ? `${error.name}: ${error.message}` : "unknown", cpuMs: cpuMs() };
  }
};

parentPort?.on("message", (request: WorkRequest) => parentPort?.postMessage(perform(request)));
parentPort?.postMessage({ isReady: true } satisfies WorkAnswer);
