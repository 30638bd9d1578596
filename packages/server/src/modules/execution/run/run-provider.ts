/** The protocol `run` over any sandbox provider: a sandbox takes one job, and is destroyed afterwards. */
import type { Sandbox, SandboxProvider } from "#platform/sandboxes";
import type { RunProvider, SandboxJob, SandboxListener, SandboxRun, WarmSandbox } from "./ports.ts";
import { decodeRunFrame } from "./run-frames.ts";
import { type RunInProgress, startRun } from "./run-in-progress.ts";
import { checkJob } from "./start-frame.ts";
import { warmArguments } from "./warm-start.ts";

/** Starts the job in a sandbox that waits. Throws RangeError when the job can't be encoded, and Error when the sandbox was used or has died. */
const start = (sandbox: Sandbox, job: SandboxJob, listener: SandboxListener): SandboxRun => {
  checkJob(job);
  const { warmUp, memoryBytes } = sandbox.blueprint;
  const warmArgv = job.compile === undefined ? warmArguments(warmUp, job.run) : undefined;
  const begun: { run?: RunInProgress } = {};
  const machine = sandbox.take(
    { frame: (frame) => begun.run?.frame(decodeRunFrame(frame)), lost: (reason) => begun.run?.lost(reason) },
    job.owner,
  );
  begun.run = startRun({ machine, job, listener, warmArgv, memoryBytes });
  return begun.run.run;
};

const warmSandbox = (sandbox: Sandbox): WarmSandbox => {
  let run: SandboxRun | undefined;
  return {
    tier: sandbox.tier,
    limitsEnforcement: sandbox.limitsEnforcement,
    died: sandbox.died,
    run(job, listener) {
      run = start(sandbox, job, listener);
      return run;
    },
    async [Symbol.asyncDispose]() {
      run?.cancel();
      await run?.result;
      await sandbox[Symbol.asyncDispose]();
    },
  };
};

/** Runs programs in the provider's sandboxes. Disposing it disposes the provider. */
export const createRunProvider = (provider: SandboxProvider): RunProvider => {
  const living = new Set<WarmSandbox>();
  return {
    tier: provider.tier,
    limitsEnforcement: provider.limitsEnforcement,
    async boot(blueprint) {
      const sandbox = warmSandbox(await provider.boot(blueprint));
      living.add(sandbox);
      void sandbox.died.then(() => living.delete(sandbox));
      return sandbox;
    },
    removeOrphans: () => provider.removeOrphans(),
    async [Symbol.asyncDispose]() {
      await Promise.all([...living].map((sandbox) => sandbox[Symbol.asyncDispose]()));
      await provider[Symbol.asyncDispose]();
    },
  };
};
