/** The log as JSON lines, written by pino; fields that are named like a secret are redacted. */
import type { Log, LogFields } from "#kernel/log";
import { type DestinationStream, type Logger, pino } from "pino";
import { errorFacts } from "./error-facts.ts";
import type { LogLevel } from "../index.ts";

const SECRET_NAMES = [
  "accessToken",
  "authorization",
  "content",
  "cookie",
  "password",
  "refreshToken",
  "secret",
  "secretKey",
  "stdin",
  "ticket",
  "token",
];

const over = (logger: Logger): Log => {
  const line =
    (level: "debug" | "info" | "warn" | "error") =>
    (event: string, fields: LogFields = {}): void =>
      logger[level](fields, event);
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    with: (fields) => over(logger.child(fields)),
  };
};

export type PinoLogOptions = {
  readonly level: LogLevel;
  /** Absent: standard output, written without blocking. */
  readonly destination?: DestinationStream;
};

/** The event name is the line's `event`. Errors go under `error` and keep their stack. */
export const createPinoLog = (
  options: PinoLogOptions,
): Log & { /** Writes what is buffered, now. */ flush(): void } => {
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level: options.level,
      messageKey: "event",
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: (error: unknown) => errorFacts(error), cause: (error: unknown) => errorFacts(error) },
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: "[secret]" },
    },
    destination,
  );
  return { ...over(logger), flush: () => logger.flush() };
};
