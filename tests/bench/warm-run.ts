/** E1 and E2 in small: a warm run through HTTP and WebSocket beside the bare interpreter, interleaved; and one that prints much. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hasEnded, STREAM, type Execution, type StreamServerMessage } from "@atelier/contracts";
import type { Client } from "../support/client.ts";
import { signInAsGuest } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { SYSTEM_PYTHON } from "./machine.ts";
import { line, ratioLine, summarise } from "./statistics.ts";

type Timing = { readonly firstByteMs: number; readonly exitMs: number };

const PROGRAMS = [
  {
    language: "python",
    entryPoint: "main.py",
    content: 'print("hello")\n',
    bare: [SYSTEM_PYTHON, "-c"],
  },
  {
    language: "javascript",
    entryPoint: "main.js",
    content: 'console.log("hello");\n',
    bare: [process.execPath, "-e"],
  },
  {
    language: "typescript",
    entryPoint: "main.ts",
    content: 'const word: string = "hello";\nconsole.log(word);\n',
    bare: [process.execPath, "--input-type=commonjs-typescript", "-e"],
  },
] as const;

const bareRun = async (argv: readonly string[], content: string): Promise<Timing> => {
  const [command = "", ...options] = argv;
  const start = performance.now();
  const child = spawn(command, [...options, content], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "close");
  await once(child.stdout, "data");
  const firstByteMs = performance.now() - start;
  await exit;
  return { firstByteMs, exitMs: performance.now() - start };
};

/** POST, open the stream, first output byte, exit message: what the page does. */
const warmRun = async (client: Client, body: Record<string, unknown>): Promise<Timing & { execution: Execution }> => {
  const start = performance.now();
  const started = await client.startExecution(body);
  const socket = client.openSocket(`/executions/${started.id}/stream`);
  let firstByteMs = NaN;
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) {
        if (data[0] === STREAM.stdout && Number.isNaN(firstByteMs)) firstByteMs = performance.now() - start;
        return;
      }
      const message = JSON.parse(data.toString("utf8")) as StreamServerMessage;
      if (message.type !== "exit" || !hasEnded(message.execution.status)) return;
      resolve({ firstByteMs, exitMs: performance.now() - start, execution: message.execution });
    });
  });
};

/** @param runs of each program, bare and warm in turn; paced so that the pool has refilled. */
export const benchWarmRuns = async (server: TestServer, runs: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const lines: string[] = [];
  for (const program of PROGRAMS) {
    const body = {
      language: program.language,
      entryPoint: program.entryPoint,
      files: [{ path: program.entryPoint, content: program.content }],
    };
    const bare: Timing[] = [];
    const warm: Timing[] = [];
    const cpu: number[] = [];
    let tier = "";
    await warmRun(client, body);
    for (let n = 0; n < runs; n++) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      bare.push(await bareRun(program.bare, program.content));
      const timing = await warmRun(client, body);
      if (timing.execution.status !== "succeeded") throw new Error(`a run ended with ${timing.execution.status}`);
      warm.push(timing);
      cpu.push(timing.execution.usage.cpuMs);
      tier = timing.execution.sandbox ?? "";
    }
    const bareFirst = summarise(bare.map((timing) => timing.firstByteMs));
    const warmFirst = summarise(warm.map((timing) => timing.firstByteMs));
    lines.push(
      line(`${program.language}, ${tier}: warm -> first byte`, warmFirst),
      line(`${program.language}: bare interpreter -> first byte`, bareFirst),
      ratioLine(`${program.language}: warm / bare, first byte p50`, warmFirst.p50, bareFirst.p50),
      line(`${program.language}, ${tier}: warm -> exit`, summarise(warm.map((timing) => timing.exitMs))),
      line(`${program.language}: bare interpreter -> exit`, summarise(bare.map((timing) => timing.exitMs))),
      line(`${program.language}, ${tier}: CPU a run, as reported`, summarise(cpu)),
    );
  }
  return lines;
};

const PRINTED_LINES = 30_000;
const PRINTING = `for i in range(${PRINTED_LINES}): print(i)\n`;

/** A program that prints many lines, each in a write of its own, beside the same from the bare interpreter, interleaved. */
export const benchPrinting = async (server: TestServer, runs: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const body = { language: "python", entryPoint: "main.py", files: [{ path: "main.py", content: PRINTING }] };
  const bare: number[] = [];
  const warm: number[] = [];
  let tier = "";
  for (let n = 0; n < runs; n++) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    bare.push((await bareRun([SYSTEM_PYTHON, "-u", "-c"], PRINTING)).exitMs);
    const { exitMs, execution } = await warmRun(client, body);
    const lines = execution.stdout.trimEnd().split("\n");
    if (lines.length !== PRINTED_LINES) throw new Error(`${execution.status} after ${lines.length} lines`);
    warm.push(exitMs);
    tier = execution.sandbox ?? "";
  }
  const title = "30,000 lines, each written alone";
  return [
    line(`python, ${tier}: ${title}`, summarise(warm)),
    line(`python: bare, ${title}`, summarise(bare)),
    ratioLine("python: warm / bare, p50", summarise(warm).p50, summarise(bare).p50),
  ];
};
