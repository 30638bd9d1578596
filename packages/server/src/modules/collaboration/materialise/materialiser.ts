/**
 * Does work that needs a Y.Doc in worker threads: no relay waits for it, every piece has a deadline, and a slow document delays only slow
 * ones.
 */
import { Worker } from "node:worker_threads";
import type { Log } from "#kernel/log";
import type { DocumentCpu } from "./document-cpu.ts";
import { createFairTurns, documentKey, type FairTurns, type WorkOf } from "./fair-turns.ts";
import type { Work } from "./materialise.ts";
import type { WorkAnswer, WorkRequest } from "./materialiser-worker.ts";

export interface Materialiser {
  /**
   * @param make makes the argument when the work is about to start, so that waiting work needs no copy of a document
   * @param of the document: after slow work its next work is done in the slow lane; the CPU is accounted to the project's owner
   * @throws Overrun when it took too long, Error when it failed or the worker died; the document's bytes are unchanged.
   */
  run<N extends keyof Work>(name: N, make: () => Parameters<Work[N]>[0], of: WorkOf): Promise<ReturnType<Work[N]>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Thrown for work that exceeded its deadline; its worker was terminated. */
export class Overrun extends Error {
  override readonly name = "Overrun";
}

/**
 * A crafted history can keep Yjs busy for hours: work that exceeds `quickMs` continues in the slow lane, where it is terminated after `patientMs`.
 */
const DEADLINES: Deadlines = { quickMs: 250, patientMs: 20_000 };
export type Deadlines = { readonly quickMs: number; readonly patientMs: number };
/** Number of documents remembered as slow. */
const MAX_SLOW = 1_000;

type Piece = {
  readonly of: WorkOf;
  readonly name: keyof Work;
  make(): unknown;
  resolve(result: unknown): void;
  reject(error: Error): void;
};

type Outcome = ({ readonly result: unknown } | { readonly error: Error }) & { readonly cpuMs: number };

/** One worker that runs one piece at a time. It starts with the first piece, and again after a crash or termination. */
class Thread {
  readonly #log: Log;
  #worker: Worker | undefined;
  #isReady = false;
  #nextId = 1;
  #settle: ((outcome: Outcome) => void) | undefined;
  #onReady: () => void = () => undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param onStarted called when the worker is ready: starting it takes time of its own */
  run(name: keyof Work, argument: unknown, onStarted: () => void): Promise<Outcome> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    if (this.#isReady) onStarted();
    else this.#onReady = onStarted;
    worker.ref();
    return new Promise((settle) => {
      this.#settle = settle;
      worker.postMessage({ id, name, argument } satisfies WorkRequest);
    });
  }

  /** Terminates the worker; the running piece never settles. */
  async end(): Promise<void> {
    const ending = this.#worker;
    this.#worker = undefined;
    this.#settle = undefined;
    await ending?.terminate();
  }

  #done(outcome: Outcome): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }

  #start(): Worker {
    this.#isReady = false;
    const started = new Worker(new URL("./materialiser-worker.ts", import.meta.url));
    started.unref();
    started.on("message", (answer: WorkAnswer) => {
      if (this.#worker !== started) return;
      if ("isReady" in answer) {
        this.#isReady = true;
        this.#onReady();
        return;
      }
      started.unref();
      const { cpuMs } = answer;
      this.#done("error" in answer ? { error: new Error(answer.error), cpuMs } : { result: answer.result, cpuMs });
    });
    const gone = (error: Error): void => {
      if (this.#worker !== started) return;
      this.#worker = undefined;
      this.#done({ error, cpuMs: 0 });
    };
    started.on("error", (error: Error) => {
      this.#log.error("collaboration.materialiser-failed", { error: error.message });
      gone(error);
    });
    started.on("exit", () => gone(new Error("the worker ended")));
    return started;
  }
}

type Lane = {
  thread: Thread;
  readonly turns: FairTurns<Piece>;
  running: Piece | undefined;
  deadline: NodeJS.Timeout | undefined;
  overrun(): void;
  readonly deadlineMs: number;
};

export type MaterialiserNeeds = {
  readonly log: Log;
  /** Gets the CPU that each account's work used. */
  readonly cpu: Pick<DocumentCpu, "charge">;
  readonly deadlines?: Deadlines | undefined;
};

/** Two lanes: a piece that is not done within `quickMs` continues in the slow lane, and later work on that document starts there. */
export const createMaterialiser = ({ log, cpu, deadlines = DEADLINES }: MaterialiserNeeds): Materialiser => {
  /** Slow documents, in the order in which they became slow. */
  const slowKeys = new Set<string>();
  let isClosed = false;

  const createLane = (deadlineMs: number, overrun: () => void): Lane => ({
    thread: new Thread(log),
    turns: createFairTurns(),
    running: undefined,
    deadline: undefined,
    overrun,
    deadlineMs,
  });

  const noteSlow = (of: WorkOf): void => {
    if (of.fileId === "") return;
    const key = documentKey(of);
    slowKeys.delete(key);
    slowKeys.add(key);
    if (slowKeys.size > MAX_SLOW) for (const oldest of slowKeys) return void slowKeys.delete(oldest);
  };

  const charge = (lane: Lane, of: WorkOf, cpuMs: number): void => {
    lane.turns.charge(of, cpuMs);
    cpu.charge(of.ownerId, cpuMs);
  };

  const watch = (lane: Lane): void => {
    clearTimeout(lane.deadline);
    lane.deadline = setTimeout(() => lane.overrun(), lane.deadlineMs).unref();
  };
  const free = (lane: Lane): void => {
    clearTimeout(lane.deadline);
    lane.running = undefined;
  };

  const settle = (piece: Piece, outcome: Outcome, tookMs: number): void => {
    const lane = [quick, slow].find(({ running }) => running === piece);
    if (lane === undefined) return;
    free(lane);
    charge(lane, piece.of, outcome.cpuMs);
    if (lane === slow && tookMs < deadlines.quickMs / 2) slowKeys.delete(documentKey(piece.of));
    if ("error" in outcome) piece.reject(outcome.error);
    else piece.resolve(outcome.result);
    pump(lane);
  };

  const pump = (lane: Lane): void => {
    while (lane.running === undefined && !isClosed) {
      const piece = lane.turns.take();
      if (piece === undefined) return;
      let argument: unknown;
      try {
        argument = piece.make();
      } catch (error) {
        piece.reject(error instanceof Error ? error : new Error("unknown"));
        continue;
      }
      lane.running = piece;
      let startMs = performance.now();
      const started = (): void => {
        startMs = performance.now();
        // The piece may have moved to the other lane while its worker started.
        if (lane.running === piece) watch(lane);
      };
      void lane.thread
        .run(piece.name, argument, started)
        .then((outcome) => settle(piece, outcome, performance.now() - startMs));
    }
  };

  /** An idle slow lane takes over the worker with the running piece; otherwise the piece starts again there when it is its turn. */
  const moveAside = (): void => {
    const piece = quick.running;
    if (piece === undefined) return;
    noteSlow(piece.of);
    free(quick);
    // Its CPU time is known only when it ends; until then this estimate keeps the account from being served before others.
    quick.turns.charge(piece.of, deadlines.quickMs);
    if (slow.running === undefined && slow.turns.isEmpty) {
      [quick.thread, slow.thread] = [slow.thread, quick.thread];
      slow.running = piece;
      watch(slow);
    } else {
      slow.turns.add(piece);
      // It begins again there: what it used here is lost.
      cpu.charge(piece.of.ownerId, deadlines.quickMs);
      void quick.thread.end();
      pump(slow);
    }
    if (piece.of.fileId !== "") for (const other of quick.turns.takeAll(piece.of)) slow.turns.add(other);
    pump(quick);
  };

  const giveUp = (): void => {
    const piece = slow.running;
    if (piece === undefined) return;
    log.warn("collaboration.materialiser-overrun", { work: piece.name, deadlineMs: deadlines.patientMs });
    noteSlow(piece.of);
    free(slow);
    charge(slow, piece.of, deadlines.patientMs);
    void slow.thread.end();
    piece.reject(new Overrun(`${piece.name} took more than ${deadlines.patientMs} ms`));
    pump(slow);
  };

  const quick = createLane(deadlines.quickMs, moveAside);
  const slow = createLane(deadlines.patientMs, giveUp);

  return {
    run: <N extends keyof Work>(name: N, make: () => Parameters<Work[N]>[0], of: WorkOf) =>
      new Promise<ReturnType<Work[N]>>((resolve, reject) => {
        if (isClosed) return reject(new Error("the worker ended"));
        const lane = slowKeys.has(documentKey(of)) ? slow : quick;
        // The worker answers with what the work of this name returns.
        lane.turns.add({ of, name, make, resolve: (result) => resolve(result as ReturnType<Work[N]>), reject });
        pump(lane);
      }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (const lane of [quick, slow]) {
        const { running } = lane;
        free(lane);
        running?.reject(new Error("the worker ended"));
        for (let left = lane.turns.take(); left !== undefined; left = lane.turns.take())
          left.reject(new Error("the worker ended"));
      }
      await Promise.all([quick.thread.end(), slow.thread.end()]);
    },
  };
};
