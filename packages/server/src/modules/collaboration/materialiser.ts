/** Work that needs a Y.Doc, done in a worker thread so that no relay waits for it, and none of it for ever. */
import { Worker } from "node:worker_threads";
import type { Log } from "#kernel/log";
import type { Work } from "./materialise.ts";
import type { WorkAnswer, WorkRequest } from "./materialiser-worker.ts";

export interface Materialiser {
  /**
   * @param make gathers the argument when the worker is about to take it: what waits holds no copy of a document
   * @throws Overrun when it took too long, Error when it failed or the worker died; the document's bytes are as before.
   */
  run<N extends keyof Work>(name: N, make: () => Parameters<Work[N]>[0]): Promise<ReturnType<Work[N]>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Thrown for work that took longer than it may; the worker was ended. */
export class Overrun extends Error {
  override readonly name = "Overrun";
}

/** Pieces of work that the worker has at hand; so many documents are held twice. */
const POSTED_AT_ONCE = 2;
/** A made-up history can keep Yjs busy for hours: what is not done quickly goes on where only its like waits for it. */
const DEADLINES: Deadlines = { quickMs: 3_000, patientMs: 20_000 };
export type Deadlines = { readonly quickMs: number; readonly patientMs: number };

type Piece = { readonly name: keyof Work; make(): unknown; resolve(result: unknown): void; reject(error: Error): void };

/** One thread. It starts with the first work, and anew after a crash or when a piece of work takes too long. */
const createThread = (log: Log, deadlineMs: number): Materialiser => {
  let worker: Worker | undefined;
  let isReady = false;
  let nextId = 1;
  const waiting: Piece[] = [];
  /** In the order in which the worker takes them. */
  const posted = new Map<number, Piece>();
  let deadline: NodeJS.Timeout | undefined;

  /** The first of what is posted is being worked on; the others begin after it. */
  const watch = (): void => {
    clearTimeout(deadline);
    if (isReady && posted.size > 0) deadline = setTimeout(() => void overrun(), deadlineMs).unref();
  };

  const overrun = async (): Promise<void> => {
    const [entry] = posted;
    if (entry === undefined) return;
    const [id, work] = entry;
    log.warn("collaboration.materialiser-overrun", { work: work.name, deadlineMs });
    posted.delete(id);
    // The others did nothing wrong: the next worker takes them.
    waiting.unshift(...posted.values());
    posted.clear();
    const ending = worker;
    worker = undefined;
    work.reject(new Overrun(`${work.name} took more than ${deadlineMs} ms`));
    await ending?.terminate();
    post();
  };

  const start = (): Worker => {
    isReady = false;
    const started = new Worker(new URL("./materialiser-worker.ts", import.meta.url));
    started.unref();
    started.on("message", (answer: WorkAnswer) => {
      if (worker !== started) return;
      if ("isReady" in answer) {
        isReady = true;
        watch();
        return;
      }
      const one = posted.get(answer.id);
      posted.delete(answer.id);
      if (posted.size === 0) started.unref();
      watch();
      if ("error" in answer) one?.reject(new Error(answer.error));
      else one?.resolve(answer.result);
      post();
    });
    const gone = (error: Error): void => {
      if (worker !== started) return;
      worker = undefined;
      const lost = [...posted.values()];
      posted.clear();
      watch();
      for (const one of lost) one.reject(error);
      post();
    };
    started.on("error", (error: Error) => {
      log.error("collaboration.materialiser-failed", { error: error.message });
      gone(error);
    });
    started.on("exit", () => gone(new Error("the worker ended")));
    return started;
  };

  const post = (): void => {
    while (posted.size < POSTED_AT_ONCE) {
      const work = waiting.shift();
      if (work === undefined) return;
      let argument: unknown;
      try {
        argument = work.make();
      } catch (error) {
        work.reject(error instanceof Error ? error : new Error("unknown"));
        continue;
      }
      worker ??= start();
      const id = nextId++;
      posted.set(id, work);
      if (posted.size === 1) watch();
      worker.ref();
      worker.postMessage({ id, name: work.name, argument } satisfies WorkRequest);
    }
  };

  return {
    run: <N extends keyof Work>(name: N, make: () => Parameters<Work[N]>[0]) =>
      new Promise<ReturnType<Work[N]>>((resolve, reject) => {
        // The worker answers with what the work of this name returns.
        waiting.push({ name, make, resolve: (result) => resolve(result as ReturnType<Work[N]>), reject });
        post();
      }),
    async [Symbol.asyncDispose]() {
      const ending = worker;
      worker = undefined;
      clearTimeout(deadline);
      const left = [...posted.values(), ...waiting.splice(0)];
      posted.clear();
      for (const one of left) one.reject(new Error("the worker ended"));
      await ending?.terminate();
    },
  };
};

export const createMaterialiser = (log: Log, deadlines: Deadlines = DEADLINES): Materialiser => {
  const quick = createThread(log, deadlines.quickMs);
  const patient = createThread(log, deadlines.patientMs);
  return {
    async run(name, make) {
      try {
        return await quick.run(name, make);
      } catch (error) {
        if (!(error instanceof Overrun)) throw error;
        return patient.run(name, make);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([quick[Symbol.asyncDispose](), patient[Symbol.asyncDispose]()]);
    },
  };
};
