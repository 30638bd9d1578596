import type { Execution, ExecutionStatus } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { bytesWords, durationWords, runTimeWords, runWords } from "./status-words.ts";

const execution = (status: ExecutionStatus, changes: Partial<Execution> = {}): Execution => ({
  id: "e",
  projectId: null,
  userId: "u",
  language: "python",
  runtime: { id: "python", version: "3.13" },
  entryPoint: "main.py",
  args: [],
  tty: true,
  limits: { wallMs: 30_000, cpuMs: 30_000, memoryBytes: 512 * 1024 ** 2, outputBytes: 64 * 1024 ** 2 },
  fileVersions: {},
  status,
  exitCode: null,
  signal: null,
  stdout: "",
  stderr: "",
  truncated: false,
  stage: "run",
  sandbox: "gvisor",
  limitsEnforcement: "cgroup",
  queuedAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  endedAt: null,
  waitingSince: null,
  collected: [],
  stages: [],
  errors: [],
  hints: [],
  usage: { wallMs: 42, cpuMs: 20, memoryPeakBytes: 18 * 1024 ** 2, outputBytes: 5 },
  codeHash: "",
  ...changes,
});

const line = (value: Execution): string => {
  const { headline, facts } = runWords(value);
  return [headline, ...facts].join(" · ");
};

describe("runWords", () => {
  it("writes the exit line", () => {
    expect(line(execution("succeeded", { exitCode: 0 }))).toBe(
      "Finished in 0.04 s · exit 0 · 18 MB · 20 ms of CPU time · gVisor",
    );
    expect(line(execution("failed", { exitCode: 3, sandbox: "namespaces" }))).toBe(
      "Exit code 3 after 0.04 s · exit 3 · 18 MB · 20 ms of CPU time · namespaces",
    );
  });

  it.each<[ExecutionStatus, Partial<Execution>, string]>([
    ["queued", { queuePosition: 3 }, "Number 3 in the queue"],
    ["queued", { queuePosition: 1 }, "Next in the queue"],
    ["preparing", {}, "Starting"],
    [
      "preparing",
      { image: { id: "go", language: "Go", percent: 43, step: "unpacking packages" } },
      "Preparing Go: unpacking packages, 43 %",
    ],
    [
      "preparing",
      { image: { id: "go", language: "Go", percent: 0, step: "waiting for jvm (20 %)" } },
      "Preparing Go: waiting for jvm (20 %)",
    ],
    ["timed-out", {}, "Timed out after 30 s"],
    ["timed-out", { stage: "compile" }, "Timed out after 30 s of compiling"],
    ["out-of-memory", {}, "Out of memory (512 MB)"],
    ["output-limit", {}, "Stopped: more than 64 MB of output"],
    ["cpu-limit", {}, "Used all of its 30 s of CPU time"],
    ["killed", { signal: "SIGSEGV" }, "Killed by SIGSEGV"],
    ["compile-failed", {}, "Did not compile"],
    ["cancelled", {}, "Stopped after 0.04 s"],
    ["running", {}, "Running"],
    ["running", { waitingSince: "2026-01-01T00:00:01Z" }, "Waiting for input · idle limit 10 min"],
    ["timed-out", { waitingSince: "2026-01-01T00:00:01Z" }, "Nobody answered for 10 min"],
  ])("says %s in words", (status, changes, words) => {
    expect(runWords(execution(status, changes)).headline).toBe(words);
  });

  it("has a tone for each way to end", () => {
    const tones = (["running", "succeeded", "failed", "cancelled", "system-error"] as const).map(
      (status) => runWords(execution(status)).tone,
    );
    expect(tones).toEqual(["busy", "good", "bad", "plain", "bad"]);
  });

  it("does not blame the program for the server's fault", () => {
    expect(line(execution("system-error"))).toBe("The server could not run this; it was not your program");
    const words = "The server restarted; the program was ended";
    expect(line(execution("system-error", { signal: "SIGKILL" }))).toBe(words);
  });
});

describe("units", () => {
  it("keeps durations and sizes short", () => {
    expect([999, 1240, 60_000, 65_000].map(durationWords)).toEqual(["999 ms", "1.24 s", "1 min", "1 min 5 s"]);
    expect([0, 4, 42, 1240, 12_340, 59_949, 65_000].map(runTimeWords)).toEqual([
      "0.01 s",
      "0.01 s",
      "0.04 s",
      "1.24 s",
      "12.3 s",
      "59.9 s",
      "1 min 5 s",
    ]);
    expect([512, 2048, 1024 ** 3 * 2].map(bytesWords)).toEqual(["512 B", "2 KB", "2 GB"]);
  });
});
