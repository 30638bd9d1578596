/** An execution's state in words: one short line for every state and every end. */
import { type Execution, hasEnded, IDLE_LIMIT_MS } from "@atelier/contracts";

export type RunTone = "busy" | "good" | "bad" | "plain";
export type RunWords = { readonly tone: RunTone; readonly headline: string; readonly facts: readonly string[] };

const SANDBOX_NAMES = { microvm: "microVM", gvisor: "gVisor", namespaces: "namespaces" } as const;

/** 950 -> `950 ms`, 1240 -> `1.24 s`, 65000 -> `1 min 5 s`. */
export const durationWords = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(2))} s`;
  const seconds = Math.round((ms % 60_000) / 1000);
  return seconds === 0 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 60_000)} min ${seconds} s`;
};

/** How long a run took: 5 -> `0.01 s`, 1240 -> `1.24 s`, 12_340 -> `12.3 s`, 65_000 -> `1 min 5 s`. */
export const runTimeWords = (ms: number): string => {
  if (ms >= 59_950) return durationWords(ms);
  return ms < 9_995 ? `${Math.max(0.01, ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;
};

/** Binary units under their everyday names: 512 MiB of limit reads `512 MB`. */
export const bytesWords = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${Math.round(bytes / 1024 ** 2)} MB`;
  return `${Number((bytes / 1024 ** 3).toFixed(1))} GB`;
};

const queueWords = (position: number | undefined): string =>
  position === undefined || position <= 1 ? "Next in the queue" : `Number ${position} in the queue`;

/** `Preparing Go: unpacking packages, 43 %` */
export const preparingWords = ({ language, step, percent }: NonNullable<Execution["image"]>): string =>
  `Preparing ${language}: ${step}${percent === 0 ? "" : `, ${percent} %`}`;

type Summary = Omit<Execution, "stdout" | "stderr">;

const headlineOf = (execution: Summary): string => {
  const { limits, exitCode, signal, stage } = execution;
  const time = runTimeWords(execution.usage.wallMs);
  switch (execution.status) {
    case "queued":
      return queueWords(execution.queuePosition);
    case "preparing":
      return execution.image === undefined ? "Starting" : preparingWords(execution.image);
    case "compiling":
      return "Compiling";
    case "running":
      return execution.waitingSince === null
        ? "Running"
        : `Waiting for input · idle limit ${durationWords(IDLE_LIMIT_MS)}`;
    case "succeeded":
      return `Finished in ${time}`;
    case "failed":
      return exitCode === null ? `Failed after ${time}` : `Exit code ${exitCode} after ${time}`;
    case "compile-failed":
      return "Did not compile";
    case "timed-out":
      if (execution.waitingSince !== null) return `Nobody answered for ${durationWords(IDLE_LIMIT_MS)}`;
      return `Timed out after ${durationWords(limits.wallMs)}${stage === "compile" ? " of compiling" : ""}`;
    case "cpu-limit":
      return `Used all of its ${durationWords(limits.cpuMs)} of CPU time`;
    case "out-of-memory":
      return `Out of memory (${bytesWords(limits.memoryBytes)})`;
    case "output-limit":
      return `Stopped: more than ${bytesWords(limits.outputBytes)} of output`;
    case "killed":
      return signal === null ? "Killed" : `Killed by ${signal}`;
    case "cancelled":
      return `Stopped after ${time}`;
    case "system-error":
      // Only the next start of a server that was killed says what ended the program.
      if (signal !== null) return "The server restarted; the program was ended";
      return "The server could not run this; it was not your program";
  }
};

const toneOf = ({ status }: Summary): RunTone => {
  if (!hasEnded(status)) return "busy";
  if (status === "succeeded") return "good";
  return status === "cancelled" ? "plain" : "bad";
};

const factsOf = ({ status, exitCode, usage, sandbox }: Summary): string[] => {
  if (!hasEnded(status)) return [];
  const facts = exitCode === null ? [] : [`exit ${exitCode}`];
  if (usage.memoryPeakBytes > 0) facts.push(bytesWords(usage.memoryPeakBytes));
  facts.push(`${durationWords(usage.cpuMs)} of CPU time`);
  if (sandbox !== null) facts.push(SANDBOX_NAMES[sandbox]);
  return facts;
};

/** `Finished in 0.04 s`, and the details `exit 0 · 18 MB · 20 ms of CPU time · gVisor`, in parts. */
export const runWords = (execution: Summary): RunWords => ({
  tone: toneOf(execution),
  headline: headlineOf(execution),
  facts: execution.status === "system-error" ? [] : factsOf(execution),
});
