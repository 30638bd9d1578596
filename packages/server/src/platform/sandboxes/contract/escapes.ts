/** The contract's part on breaking out, and the control that shows that each check can fail. */
import { createServer, type Server } from "node:net";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { attemptProgram, type EscapeAttempt, escapeAttempts, type Verdict } from "./escape-attempts.ts";
import { runProgram } from "./harness.ts";

/** Things on the host that attempts reach for. */
export type Targets = { readonly port: number; readonly markerFile: string; readonly abstractName: string };

const listen = (server: Server, at: number | string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    if (typeof at === "string") server.listen(at, resolve);
    else server.listen(at, "127.0.0.1", resolve);
  });

/** Opens the targets for the time of `during`. */
export const withTargets = async <Result>(during: (targets: Targets) => Promise<Result>): Promise<Result> => {
  const folder = mkdtempSync(join(tmpdir(), "atelier-targets-"));
  const markerFile = join(folder, "marker");
  const abstractName = `atelier-${process.pid}`;
  const server = createServer((socket) => socket.end("host here"));
  const abstract = createServer((socket) => socket.end());
  writeFileSync(markerFile, "host here");
  process.env["ATELIER_CONTROL_MARKER"] = "host here";
  const neighbour = spawn("sh", ["-c", "sleep 120; :", "ATELIER_CONTROL_PROCESS"], { stdio: "ignore", detached: true });
  try {
    await listen(server, 0);
    await listen(abstract, `\0${abstractName}`);
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return await during({ port, markerFile, abstractName });
  } finally {
    delete process.env["ATELIER_CONTROL_MARKER"];
    if (neighbour.pid !== undefined) process.kill(-neighbour.pid, "SIGKILL");
    server.close();
    abstract.close();
    rmSync(folder, { recursive: true });
  }
};

/** The program with the targets in place of their names. */
export const aimedProgram = (attempts: readonly EscapeAttempt[], targets: Targets): string =>
  attemptProgram(attempts)
    .replaceAll("PORT", String(targets.port))
    .replaceAll("MARKER_FILE", targets.markerFile)
    .replaceAll("ABSTRACT_NAME", targets.abstractName)
    .replaceAll("HOST_NAME", hostname());

/** What came of each attempt, by name. */
export const readOutcomes = (stdout: string): Map<string, string> =>
  new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, string]),
  );

const accepted: Readonly<Record<Verdict, RegExp>> = {
  refused: /^refused/u,
  nothing: /^(?:nothing|refused)/u,
  "own-kernel": /^(?:refused|nothing|got there)/u,
};

/** Declares the part. */
export const testEscapes = (context: ContractContext): void => {
  describe("escapes", () => {
    test("every attempt gets the answer that the table says", async () => {
      const outcome = await withTargets((targets) =>
        runProgram(
          { provider: context.provider(), imageRoot: context.imageRoot },
          {
            argv: ["python3", "main.py"],
            files: { "main.py": aimedProgram(escapeAttempts, targets) },
            limits: { wallMs: 60_000 },
          },
        ),
      );
      expect(outcome.result.end, outcome.stderr).toEqual({ kind: "exited", exitCode: 0 });
      const outcomes = readOutcomes(outcome.stdout);
      const wrong = escapeAttempts.flatMap(({ name, expect: expected }) => {
        const verdict = typeof expected === "string" ? expected : expected[context.tier];
        const found = outcomes.get(name) ?? "no answer";
        return verdict !== undefined && accepted[verdict].test(found) ? [] : [`${name}: ${found}, not ${verdict}`];
      });
      expect(wrong).toEqual([]);
      expect(outcomes.size).toBe(escapeAttempts.length);
    });

    test("i386 system calls are refused", async () => {
      const source = `
#include <stdio.h>
int main(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
  printf("%s\\n", result > 0 ? "got there" : "refused");
  return 0;
}`;
      const outcome = await runProgram(
        { provider: context.provider(), imageRoot: context.imageRoot },
        { compile: ["gcc", "-o", "main", "main.c"], argv: ["./main"], files: { "main.c": source } },
      );
      // A kernel without 32-bit support answers with SIGSEGV, which is a refusal too.
      expect(outcome.stdout).not.toContain("got there");
    });
  });
};
