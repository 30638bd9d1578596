/** The worker thread's side: takes one piece of work after the other. */
import { parentPort } from "node:worker_threads";
import { work, type Work } from "./materialise.ts";

export type WorkRequest = { readonly id: number; readonly name: keyof Work; readonly argument: unknown };
export type WorkAnswer =
  /** Said once, before the first work begins: starting a thread takes its time. */
  | { readonly isReady: true }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

const perform = ({ id, name, argument }: WorkRequest): WorkAnswer => {
  try {
    // The names and arguments come from materialiser.ts, which has the types.
    return { id, result: (work[name] as (argument: unknown) => unknown)(argument) };
  } catch (error) {
    return { id, error: error instanceof Error ? `${error.name}: ${error.message}` : "unknown" };
  }
};

parentPort?.on("message", (request: WorkRequest) => parentPort?.postMessage(perform(request)));
parentPort?.postMessage({ isReady: true } satisfies WorkAnswer);
