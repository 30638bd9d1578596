/** Ends the process: in order at the first signal, at once at the second, and at once when we are broken. */
import type { Log } from "#kernel/log";

export type ShutdownOptions = {
  readonly log: Log & { flush(): void };
  /** Drains and releases everything; bounded by the lifecycle's own deadlines. */
  readonly stop: () => Promise<void>;
  /** Says a line to the person at the terminal, where there is one. */
  readonly tell: (line: string) => void;
};

/** Exit code of a process that was told to end while it was ending. */
const FORCED = 130;

export const installShutdown = ({
  log,
  stop,
  tell,
}: ShutdownOptions): {
  /** Ends the process at once: the disk did not keep what it was told to. */ readonly onFatal: (
    error: unknown,
  ) => void;
} => {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn("server.stop-forced", { signal });
      log.flush();
      process.exit(FORCED);
    }
    stopping = true;
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
  return { onFatal: onBroken("server.storage-failed") };
};
