/** A second signal forces the server to end at once, so only signals that a person has sent twice may be forwarded twice. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";

/** Prints each SIGTERM; a SIGINT ends it. */
const program = `
process.on("SIGTERM", () => console.log("term"));
process.on("SIGINT", () => process.exit(3));
setInterval(() => undefined, 1000);
console.log("ready");
`;
const script = `
import { launch } from ${JSON.stringify(join(import.meta.dirname, "launch.mjs"))};
process.exitCode = await launch(process.execPath, ["-e", ${JSON.stringify(program)}]);
`;
/** Longer than the time within which repeated signals are ignored. */
const LATER_MS = 400;

test.each(["SIGHUP", "SIGTERM"] as const)(
  "a SIGHUP some time after %s is not forwarded, a SIGINT is",
  { timeout: 60_000 },
  async (first) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, "close");
    await vi.waitFor(() => expect(said).toBe("ready\n"), 20_000);
    child.kill(first);
    await vi.waitFor(() => expect(said).toBe("ready\nterm\n"), 20_000);
    await delay(LATER_MS);
    child.kill("SIGHUP");
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(3);
    expect(said).toBe("ready\nterm\n");
  },
);
