/** The log's settings; the port is the kernel's. */
import type { Setting } from "#kernel/setting";
import { z } from "zod";

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const logSettings = {
  LOG_LEVEL: {
    schema: z.enum(LOG_LEVELS).default("info"),
    description: "The lowest level that is logged: `debug`, `info`, `warn`, `error` or `silent`.",
    defaultText: "info",
  } satisfies Setting<LogLevel>,
} as const;
