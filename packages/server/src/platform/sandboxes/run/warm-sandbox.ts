/** The port's WarmSandbox over any machine: waits until it is ready, gives it its one job, and destroys it afterwards. */
import type { IsolationTier, LimitsEnforcement, SandboxBlueprint, WarmSandbox } from "../ports.ts";
import { createFrameDecoder, encodeFrame, FrameFault, type SandboxFrame, toSandbox } from "../machine/frames.ts";
import type { Machine } from "../machine/machine.ts";
import { type RunInProgress, startRun } from "./run-in-progress.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { checkJob } from "./start-frame.ts";
import { warmArguments } from "./warm-start.ts";

/** What is known about the sandbox beside its machine. */
export type WarmSandboxOptions = {
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  readonly blueprint: SandboxBlueprint;
  readonly machine: Machine;
  readonly bootTimeoutMs: number;
};

/** Resolves when init, and the interpreter where there is one, said ready. Rejects with SandboxUnavailable. */
export const openWarmSandbox = async (options: WarmSandboxOptions): Promise<WarmSandbox> => {
  const { machine, blueprint } = options;
  let ready = Promise.withResolvers<{ readonly mayBeCopied: boolean }>();
  const died = Promise.withResolvers<void>();
  const decoder = createFrameDecoder();
  let current: RunInProgress | undefined;
  let state: "booting" | "waiting" | "used" | "gone" = "booting";

  const lost = (fault?: FrameFault): void => {
    if (current !== undefined) current.lost(fault);
    ready.reject(new SandboxUnavailable(`the sandbox did not start. ${fault?.message ?? machine.complaint()}`.trim()));
    if (state === "waiting") void machine.destroy();
    state = "gone";
    died.resolve();
  };
  const idle = (frame: SandboxFrame): void => {
    if (frame.kind === "ready" && state === "booting") ready.resolve(frame);
    else lost(new FrameFault(frame.kind === "failed" ? frame.reason : `unexpected ${frame.kind} while idle`));
  };
  machine.output.on("data", (chunk: Buffer) => {
    try {
      for (const frame of decoder.push(chunk)) {
        if (current === undefined) idle(frame);
        else current.frame(frame);
      }
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      lost(error);
    }
  });
  machine.output.on("close", () => lost());
  machine.output.on("error", () => lost());
  // Writing to a sandbox that has just died; its output's end says so.
  machine.input.on("error", () => undefined);

  const ask = (question: number): void => void machine.input.write(encodeFrame(question));
  /** Each answer has its time: saving an original in between takes its own. */
  const answered = async (): Promise<{ readonly mayBeCopied: boolean }> => {
    const { promise, reject } = ready;
    const timer = setTimeout(
      () => reject(new SandboxUnavailable(`the sandbox was not ready after ${options.bootTimeoutMs} ms`)),
      options.bootTimeoutMs,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  };
  const askAgain = async (question: number): Promise<void> => {
    if (state === "gone") throw new SandboxUnavailable("the sandbox ended while it was copied");
    ready = Promise.withResolvers();
    ask(question);
    await answered();
  };
  try {
    if (machine.isCopy) ask(toSandbox.rehearse);
    const { mayBeCopied } = await answered();
    if (mayBeCopied && (await machine.becomeOriginal(() => askAgain(toSandbox.prepare)))) {
      await askAgain(toSandbox.rehearse);
    }
    machine.rest();
    state = "waiting";
  } catch (error) {
    await machine.destroy();
    throw error;
  }

  return {
    tier: options.tier,
    limitsEnforcement: options.limitsEnforcement,
    died: died.promise,
    run(job, listener) {
      if (state !== "waiting") throw new Error("this sandbox has been used or has died");
      checkJob(job);
      const warmArgv = job.compile === undefined ? warmArguments(blueprint.warmUp, job.run) : undefined;
      state = "used";
      machine.wake(job.owner);
      current = startRun({ machine, job, listener, warmArgv, memoryBytes: blueprint.memoryBytes });
      return current.run;
    },
    async [Symbol.asyncDispose]() {
      state = "gone";
      current?.run.cancel();
      await current?.run.result;
      await machine.destroy();
    },
  };
};
