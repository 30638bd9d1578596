/** Appends the updates of all documents to the log in grouped commits: one at a time, each with all that arrived meanwhile. */
import { Problem } from "#kernel/problem";
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Histogram } from "#platform/metrics";
import type { DocumentStorage } from "../document/document-storage.ts";
import type { EditEntry } from "./ports.ts";

/** An update on its way into the log. */
export type Append = EditEntry & {
  /** Called when the update is durable. */
  durable(): void;
  /** Called when the document has another owner. */
  refused(): void;
};

export interface LogWriter {
  append(entry: Append): void;
  /** False from a failed commit until one succeeds again; updates wait meanwhile. */
  readonly isUp: boolean;
  /** Bytes that wait. */
  readonly backlogBytes: number;
  /** Resolves when all appended so far is durable. @throws Problem collaboration/document-unavailable when the log is down. */
  flush(): Promise<void>;
  /** Stops retrying and drops the waiting updates. */
  close(): void;
}

export type LogWriterOptions = {
  readonly storage: Pick<DocumentStorage, "append">;
  readonly clock: Clock;
  readonly log: Log;
  readonly commitSeconds: Histogram;
  readonly batchSize: Histogram;
  /** At least this long from the end of one commit to the next, so that they group under load; FLUSH_SPACING_MS while a `flush` waits. */
  readonly spacingMs: number;
  /** After each commit, so that acknowledgements go out together. */
  readonly onCommitted: () => void;
  readonly onUp: () => void;
  readonly onDown: () => void;
};

const MAX_BATCH_ROWS = 5_000;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** A caller of `flush` is about to read or to write a file. */
const FLUSH_SPACING_MS = 20;
const RETRY_MS = [50, 100, 250, 500, 1_000, 2_000] as const;

export const createLogWriter = (options: LogWriterOptions): LogWriter => {
  const { storage, clock, log } = options;
  let waiting: Append[] = [];
  let backlogBytes = 0;
  let isUp = true;
  let isClosed = false;
  let isScheduled = false;
  /** The pause before the next commit, while it is under way. */
  let pause: Timer | undefined;
  let failures = 0;
  let lastCommitMs = Number.NEGATIVE_INFINITY;
  let flushes: { left: number; resolve(): void; reject(error: Error): void }[] = [];

  const unavailable = (): Problem =>
    new Problem("collaboration/document-unavailable", "The log of live edits can't be written right now.");

  const takeBatch = (): Append[] => {
    let bytes = 0;
    let rows = 0;
    for (const entry of waiting) {
      if (rows === MAX_BATCH_ROWS || (rows > 0 && bytes + entry.update.byteLength > MAX_BATCH_BYTES)) break;
      bytes += entry.update.byteLength;
      rows += 1;
    }
    return waiting.slice(0, rows);
  };

  const schedule = (): void => {
    if (isScheduled || isClosed || waiting.length === 0) return;
    isScheduled = true;
    const spacingMs = flushes.length > 0 ? Math.min(FLUSH_SPACING_MS, options.spacingMs) : options.spacingMs;
    const pauseMs =
      failures > 0
        ? (RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0)
        : lastCommitMs + spacingMs - clock.monotonic();
    const run = (): void => {
      pause = undefined;
      void commit();
    };
    // setImmediate: updates that arrive in the same turn of the event loop are part of the same commit.
    if (pauseMs > 0) pause = clock.after(pauseMs, run);
    else setImmediate(run);
  };
  const hurry = (): void => {
    if (pause === undefined) return;
    pause.cancel();
    pause = undefined;
    isScheduled = false;
    schedule();
  };

  const settle = (batch: readonly Append[], refused: ReadonlySet<unknown>): void => {
    waiting = waiting.slice(batch.length);
    for (const entry of batch) {
      backlogBytes -= entry.update.byteLength;
      if (refused.has(entry.owner)) entry.refused();
      else entry.durable();
    }
    for (const flush of flushes) {
      flush.left -= batch.length;
      if (flush.left <= 0) flush.resolve();
    }
    flushes = flushes.filter((flush) => flush.left > 0);
    options.onCommitted();
  };

  const fail = (error: unknown): void => {
    failures += 1;
    log.error("collaboration.log-append-failed", {
      failures,
      error: error instanceof Error ? error.message : "unknown",
    });
    for (const flush of flushes) flush.reject(unavailable());
    flushes = [];
    if (!isUp) return;
    isUp = false;
    options.onDown();
  };

  const commit = async (): Promise<void> => {
    const batch = takeBatch();
    const startMs = clock.monotonic();
    try {
      const refused = await storage.append(batch);
      if (isClosed) return;
      failures = 0;
      lastCommitMs = clock.monotonic();
      options.commitSeconds.observe((lastCommitMs - startMs) / 1_000);
      options.batchSize.observe(batch.length);
      settle(batch, new Set(refused));
      if (!isUp) {
        isUp = true;
        log.info("collaboration.log-append-recovered", { waiting: waiting.length });
        options.onUp();
      }
    } catch (error) {
      if (isClosed) return;
      fail(error);
    }
    isScheduled = false;
    schedule();
  };

  return {
    append(entry) {
      waiting.push(entry);
      backlogBytes += entry.update.byteLength;
      schedule();
    },
    get isUp() {
      return isUp;
    },
    get backlogBytes() {
      return backlogBytes;
    },
    flush() {
      if (waiting.length === 0) return Promise.resolve();
      if (!isUp || isClosed) return Promise.reject(unavailable());
      return new Promise((resolve, reject) => {
        flushes.push({ left: waiting.length, resolve, reject });
        hurry();
      });
    },
    close() {
      isClosed = true;
      for (const flush of flushes) flush.reject(unavailable());
      flushes = [];
    },
  };
};
