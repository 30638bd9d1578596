/** The frames of `WS /api/executions/:id/stream`. */
import { z } from "zod";
import { ExecutionSchema, TerminalSizeSchema } from "./execution.ts";

/** First byte of a binary frame from the server; raw bytes follow. */
export const STREAM = { stdout: 1, stderr: 2, terminal: 3 } as const;

export const StreamServerMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("status"), execution: ExecutionSchema }),
  z.object({ type: z.literal("exit"), execution: ExecutionSchema }),
]);
export type StreamServerMessage = z.infer<typeof StreamServerMessageSchema>;

export const StreamClientMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("stdin-end") }),
  z.strictObject({
    type: z.literal("signal"),
    signal: z.enum(["SIGINT", "SIGTERM", "SIGKILL", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]),
  }),
  TerminalSizeSchema.extend({ type: z.literal("resize") }),
]);
export type StreamClientMessage = z.infer<typeof StreamClientMessageSchema>;
