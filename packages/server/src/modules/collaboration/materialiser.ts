/** Work that needs a Y.Doc, done in a worker thread so that no relay waits for it. */
import { Worker } from "node:worker_threads";
import type { Log } from "#kernel/log";
import type { Work } from "./materialise.ts";
import type { WorkAnswer, WorkRequest } from "./materialiser-worker.ts";

export interface Materialiser {
  /** @throws Error when the work failed or the worker died; the document's bytes are as before. */
  run<N extends keyof Work>(name: N, argument: Parameters<Work[N]>[0]): Promise<ReturnType<Work[N]>>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Waiting = { resolve(result: unknown): void; reject(error: Error): void };

/** Starts its worker with the first work, and a new one after a crash. */
export const createMaterialiser = (log: Log): Materialiser => {
  let worker: Worker | undefined;
  let nextId = 1;
  const waiting = new Map<number, Waiting>();

  const start = (): Worker => {
    const started = new Worker(new URL("./materialiser-worker.ts", import.meta.url));
    started.unref();
    started.on("message", (answer: WorkAnswer) => {
      const one = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) started.unref();
      if ("error" in answer) one?.reject(new Error(answer.error));
      else one?.resolve(answer.result);
    });
    const gone = (error: Error): void => {
      if (worker === started) worker = undefined;
      for (const one of waiting.values()) one.reject(error);
      waiting.clear();
    };
    started.on("error", (error: Error) => {
      log.error("collaboration.materialiser-failed", { error: error.message });
      gone(error);
    });
    started.on("exit", () => gone(new Error("the worker ended")));
    return started;
  };

  return {
    run: <N extends keyof Work>(name: N, argument: Parameters<Work[N]>[0]) =>
      new Promise<ReturnType<Work[N]>>((resolve, reject) => {
        worker ??= start();
        const id = nextId++;
        // The worker answers with what the work of this name returns.
        waiting.set(id, { resolve: (result) => resolve(result as ReturnType<Work[N]>), reject });
        worker.ref();
        worker.postMessage({ id, name, argument } satisfies WorkRequest);
      }),
    async [Symbol.asyncDispose]() {
      const ending = worker;
      worker = undefined;
      await ending?.terminate();
    },
  };
};
