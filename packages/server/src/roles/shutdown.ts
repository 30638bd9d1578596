/** Ends the process: in order at the first signal, at once at a later one, and at once when we are broken. */
import type { Log } from "#kernel/log";

export type ShutdownOptions = {
  readonly log: Log & { flush(): void };
  /** Drains and releases everything; bounded by the lifecycle's own deadlines. */
  readonly stop: () => Promise<void>;
  /** Says a line to the person at the terminal, where there is one. */
  readonly tell: (line: string) => void;
};

/** `timeout` and the end of a process group deliver SIGTERM more than once: copies within this time insist on nothing. */
const COPIES_WITHIN_MS = 3_000;

/** Exit code of a process that was told to end while it was ending. */
const FORCED = 130;

export const installShutdown = ({
  log,
  stop,
  tell,
}: ShutdownOptions): {
  /** Ends the process at once: the disk did not keep what it was told to. */
  readonly onFatal: (error: unknown) => void;
  /** `act` runs, synchronously, before a forced end: for what would outlive the process. */
  readonly beforeForcedEnd: (act: () => void) => void;
} => {
  let stoppingSince: number | undefined;
  const lastActs: Array<() => void> = [];
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (signal === "SIGTERM" && performance.now() - stoppingSince < COPIES_WITHIN_MS) return;
      log.warn("server.stop-forced", { signal });
      for (const act of lastActs) act();
      log.flush();
      process.exit(FORCED);
    }
    stoppingSince = performance.now();
    log.info("server.stopping", { signal });
    // A terminal shows ^C without ending its line.
    tell("\nStopping: programs end, documents are written …");
    stop().then(
      () => {
        log.info("server.stopped");
        tell("Stopped.");
        log.flush();
        process.exit(0);
      },
      (error: unknown) => onBroken("server.stop-failed")(error),
    );
  };
  const onBroken =
    (event: string) =>
    (error: unknown): void => {
      log.error(event, { error });
      log.flush();
      // Nothing is trusted any more, so nothing is flushed: what was acknowledged is durable already.
      process.exit(1);
    };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("uncaughtException", onBroken("server.uncaught-exception"));
  process.on("unhandledRejection", onBroken("server.unhandled-rejection"));
  return {
    onFatal: onBroken("server.storage-failed"),
    beforeForcedEnd: (act) => void lastActs.push(act),
  };
};
