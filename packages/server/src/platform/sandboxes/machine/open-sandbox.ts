/** The port's Sandbox over a tier's machine: waits until it is ready, gives it to its one user, and destroys it afterwards. */
import type { FrameListener, IsolationTier, LimitsEnforcement, Machine, Sandbox, SandboxBlueprint } from "../ports.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { bootFrames, createFrameDecoder, encodeFrame, failureOf, type Frame, FrameFault } from "./frames.ts";
import type { TierMachine } from "./tier-machine.ts";

/** What is known about the sandbox beside its machine. */
export type OpenSandboxOptions = {
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  readonly blueprint: SandboxBlueprint;
  readonly machine: TierMachine;
  readonly bootTimeoutMs: number;
};

/** Resolves when init, and the warm-up program where there is one, said ready. Rejects with SandboxUnavailable. */
export const openSandbox = async (options: OpenSandboxOptions): Promise<Sandbox> => {
  const { machine } = options;
  let ready = Promise.withResolvers<{ readonly mayBeCopied: boolean }>();
  const died = Promise.withResolvers<void>();
  const decoder = createFrameDecoder();
  let user: FrameListener | undefined;
  let state: "booting" | "waiting" | "used" | "gone" = "booting";

  const lost = (fault?: FrameFault): void => {
    const isUsed = state === "used";
    const wasWaiting = state === "waiting";
    if (state !== "gone") state = "gone";
    if (isUsed) user?.lost(fault?.message);
    ready.reject(new SandboxUnavailable(`the sandbox did not start. ${fault?.message ?? machine.complaint()}`.trim()));
    if (wasWaiting) void machine.destroy();
    died.resolve();
  };
  const idle = (frame: Frame): void => {
    if (frame.type === bootFrames.ready && frame.payload.byteLength === 1 && state === "booting") {
      ready.resolve({ mayBeCopied: frame.payload[0] === 1 });
      return;
    }
    const isFailure = frame.type === bootFrames.failed;
    throw new FrameFault(isFailure ? failureOf(frame) : `unexpected frame of type ${frame.type} while idle`);
  };
  machine.output.on("data", (chunk: Buffer) => {
    if (state === "gone") return;
    try {
      for (const frame of decoder.push(chunk)) {
        if (user === undefined) idle(frame);
        else user.frame(frame);
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
    if (machine.isCopy) ask(bootFrames.rehearse);
    const { mayBeCopied } = await answered();
    if (mayBeCopied && (await machine.becomeOriginal(() => askAgain(bootFrames.prepare)))) {
      await askAgain(bootFrames.rehearse);
    }
    machine.rest();
    state = "waiting";
  } catch (error) {
    await machine.destroy();
    throw error;
  }

  const inUse: Machine = {
    send: (frame) => void machine.input.write(frame),
    pause: () => void machine.output.pause(),
    resume: () => void machine.output.resume(),
    meter: machine.meter,
    idleShare: machine.idleShare,
    destroy: () => machine.destroy(),
    complaint: () => machine.complaint(),
  };
  return {
    tier: options.tier,
    limitsEnforcement: options.limitsEnforcement,
    blueprint: options.blueprint,
    died: died.promise,
    take(listener, owner) {
      if (state !== "waiting") throw new Error("this sandbox has been used or has died");
      state = "used";
      user = listener;
      machine.wake(owner);
      return inUse;
    },
    async [Symbol.asyncDispose]() {
      await machine.destroy();
    },
  };
};
