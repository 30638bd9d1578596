/** Runs one program in each language through the public API, as the page does, and returns the failures. */
import type { Execution, Language, StreamServerMessage } from "@atelier/contracts";
import { type Client, signInAsGuest } from "../support/client.ts";

/** Reads a line, greets by it, prints its first argument on stderr and ends with 3. */
const programs: Readonly<Record<string, string>> = {
  python: 'import sys\nprint("hello", input())\nprint(sys.argv[1], file=sys.stderr)\nsys.exit(3)\n',
  javascript:
    'const line = require("node:fs").readFileSync(0, "utf8").trim();\nconsole.log("hello", line);\nconsole.error(process.argv[2]);\nprocess.exit(3);\n',
  typescript:
    'import { readFileSync } from "node:fs";\nconst line: string = readFileSync(0, "utf8").trim();\nconsole.log("hello", line);\nconsole.error(process.argv[2]);\nprocess.exit(3);\n',
  c: '#include <stdio.h>\nint main(int argc, char **argv) {\n  char line[80];\n  if (scanf("%79s", line) != 1 || argc < 2) return 1;\n  printf("hello %s\\n", line);\n  fprintf(stderr, "%s\\n", argv[1]);\n  return 3;\n}\n',
  bash: 'read -r line\necho "hello $line"\necho "$1" >&2\nexit 3\n',
};

/** What became of one language's program. `fault` is absent when it did all it should. */
export type Outcome = {
  readonly language: string;
  readonly tier: string;
  readonly limits: string;
  /** From the request to the exit message, in milliseconds. */
  readonly tookMs: number;
  readonly fault?: string;
};

/** Starts a program, types `line` into its stream, and resolves with the execution as the stream's exit message has it. */
const runByStream = async (client: Client, body: Record<string, unknown>, line: string): Promise<Execution> => {
  const started = await client.startExecution(body);
  const socket = client.openSocket(`/executions/${started.id}/stream`);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      socket.terminate();
      reject(new Error("no exit message within 60 s"));
    }, 60_000);
    socket.on("open", () => {
      socket.send(Buffer.from(`${line}\n`));
      socket.send(JSON.stringify({ type: "stdin-end" }));
    });
    socket.on("error", reject);
    socket.on("close", (code) => reject(new Error(`the stream closed with ${code} before its exit message`)));
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) return;
      const message = JSON.parse(data.toString("utf8")) as StreamServerMessage;
      if (message.type !== "exit") return;
      clearTimeout(late);
      socket.close();
      resolve(message.execution);
    });
  });
};

const faultOf = (execution: Execution, wanted: { readonly out: string; readonly err: string }): string | undefined => {
  const seen = [execution.status, execution.exitCode, execution.stdout, execution.stderr];
  const expected = ["failed", 3, wanted.out, wanted.err];
  return JSON.stringify(seen) === JSON.stringify(expected)
    ? undefined
    : `ended with ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`;
};

/**
 * One outcome a language that the server offers, in its order.
 * @param origin such as `http://127.0.0.1:3000`
 */
export const runPrograms = async (origin: string): Promise<Outcome[]> => {
  const client = await signInAsGuest(origin);
  const languages = (await client.call("GET", "/languages")) as Language[];
  const outcomes: Outcome[] = [];
  for (const { id, sample } of languages) {
    const began = performance.now();
    const content = programs[id];
    const answer = { language: id, tier: "none", limits: "none", tookMs: 0 };
    if (content === undefined) {
      outcomes.push({ ...answer, fault: "this test has no program in it" });
      continue;
    }
    try {
      const entryPoint = sample.path;
      const body = { language: id, entryPoint, files: [{ path: entryPoint, content }], args: ["an argument"] };
      const execution = await runByStream(client, body, id);
      const fault = faultOf(execution, { out: `hello ${id}\n`, err: "an argument\n" });
      outcomes.push({
        language: id,
        tier: execution.sandbox ?? "none",
        limits: execution.limitsEnforcement ?? "none",
        tookMs: performance.now() - began,
        ...(fault === undefined ? {} : { fault }),
      });
    } catch (error) {
      outcomes.push({ ...answer, tookMs: performance.now() - began, fault: String(error) });
    }
  }
  return outcomes;
};
