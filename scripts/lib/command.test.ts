/** A stop ends the programs that the setup started, with all their child processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

const command = JSON.stringify(join(import.meta.dirname, "command.mjs"));

/** Starts a program that ignores SIGTERM and has a child, as mmdebstrap's parts do, and stops at a signal as start.mjs does. */
const script = `
import { run, stopCommands, takeOverSignals } from ${command};
takeOverSignals();
process.on("SIGTERM", stopCommands);
const tell = (line) => process.stdout.write(line + "\\n");
await run("sh", ["-c", "trap '' TERM; sleep 1000 & echo $!; wait"], { tell, what: "the build" }).catch((fault) => tell(fault.message));
await run("true", []).catch((fault) => tell(fault.message));
`;

test(
  "a stop ends a program with its children, reports it, and prevents new programs",
  { timeout: 60_000 },
  async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await vi.waitFor(() => expect(said).toMatch(/^\d+\n/u), 20_000);
    const sleeper = said.trim();
    expect(existsSync(`/proc/${sleeper}`)).toBe(true);
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
    expect(said.split("\n").slice(1, 3)).toEqual([expect.stringMatching(/^the build failed/u), "true was not started"]);
    await vi.waitFor(() => expect(existsSync(`/proc/${sleeper}`)).toBe(false), 20_000);
  },
);
