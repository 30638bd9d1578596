/** A warm run beside another user's run with 64 busy processes: its latency, compared in turn with the latency alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunProvider, SandboxRun } from "../../packages/server/src/modules/execution/run/ports.ts";
import { raiseServerPriority } from "../../packages/server/src/platform/sandboxes/adapters/server-priority.ts";
import { sandboxBlueprint, openSandboxProvider, sandboxJob } from "./sandbox-cost.ts";
import { line, ratioLine, summarise } from "./statistics.ts";

const BUSY_PROCESSES = 64;
const HELLO = { language: "python", file: "main.py", code: 'print("hello")\n' } as const;
const BUSY = {
  language: "bash",
  file: "main.sh",
  // Printed first: in gVisor, on a busy machine, starting all of them may take longer than the measurement waits.
  code: `echo busy\nfor ((n = 1; n < ${BUSY_PROCESSES}; n++)); do while :; do :; done & done\nwhile :; do :; done\n`,
} as const;

/** The neighbour has ended with its sandbox, which cannot be used again. */
const runHello = async (provider: RunProvider): Promise<number> => {
  const sandbox = await provider.boot(sandboxBlueprint(HELLO.language));
  const start = performance.now();
  const running = sandbox.run(
    { ...sandboxJob(HELLO), owner: "guest" },
    { stage: () => undefined, output: () => undefined },
  );
  running.endStdin();
  const { end } = await running.result;
  if (end.kind !== "exited" || end.exitCode !== 0) throw new Error(`the run ended with ${JSON.stringify(end)}`);
  return performance.now() - start;
};

/** Resolves when it has begun. */
const startBusy = async (provider: RunProvider): Promise<SandboxRun> => {
  const sandbox = await provider.boot(sandboxBlueprint(BUSY.language));
  const { promise, resolve } = Promise.withResolvers<void>();
  const job = { ...sandboxJob(BUSY), owner: "neighbour" };
  const running = sandbox.run(job, { stage: () => undefined, output: () => resolve() });
  const early = running.result.then(({ end }) => {
    throw new Error(`the neighbour ended with ${JSON.stringify(end)}`);
  });
  early.catch(() => undefined);
  await Promise.race([promise, early]);
  return running;
};

/** @param runs number of runs alone and beside the neighbour, in rounds of ten so that both see the same machine. */
export const benchBusyNeighbour = async (tier: string, runs: number): Promise<string[]> => {
  // As the server does.
  raiseServerPriority();
  const stateFolder = mkdtempSync(join(tmpdir(), "atelier-bench-"));
  const alone: number[] = [];
  const beside: number[] = [];
  try {
    await using provider = await openSandboxProvider(tier, stateFolder);
    await runHello(provider);
    while (alone.length < runs) {
      const round = Math.min(10, runs - alone.length);
      for (let n = 0; n < round; n++) alone.push(await runHello(provider));
      const neighbour = await startBusy(provider);
      for (let n = 0; n < round; n++) beside.push(await runHello(provider));
      neighbour.cancel();
      await neighbour.result;
    }
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
  return [
    line(`python, ${tier}: warm -> end, alone`, summarise(alone)),
    line(`beside ${BUSY_PROCESSES} busy processes`, summarise(beside)),
    ratioLine("beside / alone, p99", summarise(beside).p99, summarise(alone).p99),
  ];
};
