/** Ends the process: in order at the first signal, at once at a later one or after a fatal error. */
import type { Log } from "#kernel/log";

export type ShutdownOptions = {
  readonly log: Log & { flush(): void };
  /** Drains and releases all components within the lifecycle's deadlines. */
  readonly stop: () => Promise<void>;
  /** Prints a line to the terminal, if there is one. */
  readonly tell: (line: string) => void;
};

/** `timeout` and a signal to the process group deliver SIGTERM more than once: repeated ones within this time do not force the end. */
const COPIES_WITHIN_MS = 3_000;

/** Exit code after a second signal. */
const FORCED = 130;

export const installShutdown = ({
  log,
  stop,
  tell,
}: ShutdownOptions): {
  /** Ends the process at once, because an fsync failed. */
  readonly onFatal: (error: unknown) => void;
  /** `act` runs, synchronously, before a forced end: for child processes that would outlive this one. */
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
      // The state may be wrong, so nothing is flushed; acknowledged data is durable already.
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
