/** The metrics of executions. */
import type { Metrics } from "#platform/metrics";
import type { ExecutionStatus } from "@atelier/contracts";

export type ExecutionMetrics = {
  /** A process started this long after admission. */
  started(language: string, sinceQueuedMs: number): void;
  firstByte(language: string, sinceQueuedMs: number): void;
  claimed(language: string, warm: boolean): void;
  ended(language: string, status: ExecutionStatus): void;
  refused(reason: "queue-full" | "unavailable"): void;
};

export type ExecutionGauges = {
  readonly waiting: () => number;
  readonly running: () => number;
  readonly warm: () => number;
};

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60];

export const createExecutionMetrics = (metrics: Metrics, gauges: ExecutionGauges): ExecutionMetrics => {
  const perLanguage = { labelNames: ["language"], buckets: SECONDS };
  const started = metrics.histogram(
    "atelier_execution_start_seconds",
    "From admission to the first process.",
    perLanguage,
  );
  const firstByte = metrics.histogram(
    "atelier_execution_first_byte_seconds",
    "From admission to the first output byte.",
    perLanguage,
  );
  const claims = metrics.counter("atelier_execution_sandbox_claims_total", "Sandboxes claimed.", ["language", "warm"]);
  const ended = metrics.counter("atelier_executions_total", "Executions by how they ended.", ["language", "status"]);
  const refused = metrics.counter("atelier_execution_refusals_total", "Executions refused at the door.", ["reason"]);
  metrics.gauge("atelier_execution_queue_depth", "Executions that wait.", gauges.waiting);
  metrics.gauge("atelier_executions_running", "Executions that run.", gauges.running);
  metrics.gauge("atelier_execution_warm_sandboxes", "Sandboxes that wait ready.", gauges.warm);
  return {
    started: (language, sinceQueuedMs) => started.observe(sinceQueuedMs / 1000, { language }),
    firstByte: (language, sinceQueuedMs) => firstByte.observe(sinceQueuedMs / 1000, { language }),
    claimed: (language, warm) => claims.add({ language, warm: String(warm) }),
    ended: (language, status) => ended.add({ language, status }),
    refused: (reason) => refused.add({ reason }),
  };
};
