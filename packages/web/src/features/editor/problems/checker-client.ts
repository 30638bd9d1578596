/** The page's client of the type checker's worker. */
// oxlint-disable-next-line import/default -- Vite makes the default export of ?worker imports
import workerAddress from "./type-checker.worker.ts?worker&url";
import { startModuleWorker } from "../monaco/start-module-worker.ts";
import type { CheckerAnswer, CheckerRequest, CheckResult, TextUpdate } from "./problem.ts";

export interface CheckerClient {
  update(texts: readonly TextUpdate[], paths?: readonly string[]): void;
  /** Rejects when the worker could not be loaded or the compiler failed. */
  check(path: string): Promise<CheckResult>;
  dispose(): void;
}

/** Starts the worker, whose script is large: requests wait until it is loaded. */
export function startChecker(start: () => Worker = () => startModuleWorker(workerAddress, "types")): CheckerClient {
  const worker = start();
  const waiting = new Map<number, { resolve: (result: CheckResult) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let failure: Error | undefined;
  const fail = (reason: string): void => {
    failure = new Error(reason);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
    worker.terminate();
  };
  worker.addEventListener("error", () => fail("the type checker could not be loaded"));
  worker.addEventListener("message", ({ data }: MessageEvent<CheckerAnswer>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === "failed") asked?.reject(new Error(data.reason));
    else asked?.resolve(data);
  });
  const send = (request: CheckerRequest): void => worker.postMessage(request);
  return {
    update: (texts, paths) => send({ kind: "update", texts, ...(paths ? { paths } : {}) }),
    check: (path) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        send({ kind: "check", id: lastId, path });
      }),
    dispose: () => fail("the editor is gone"),
  };
}
