/** The port's Sandbox over a tier's machine: waits until it is ready, allows one `take`, and destroys it afterwards. */
import type { FrameListener, IsolationTier, LimitsEnforcement, Machine, Sandbox, SandboxBlueprint } from "../ports.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { bootFrames, createFrameDecoder, encodeFrame, failureOf, type Frame, FrameFault } from "./frames.ts";
import type { Tracked } from "./host-resources.ts";
import type { TierMachine } from "./tier-machine.ts";

/** Properties of the sandbox beside its machine. */
export type OpenSandboxOptions = {
  readonly id: string;
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  readonly blueprint: SandboxBlueprint;
  readonly machine: TierMachine;
  readonly bootTimeoutMs: number;
  /** Called when the sandbox was left to another server process. */
  readonly left: (sandbox: Tracked) => void;
};

const headerBytes = 5;

/** Delivers the frames of a machine, and acknowledges processed ones. `lost` is called once, as the last call. */
const listen = (machine: TierMachine, listener: FrameListener): { readonly stop: () => void } => {
  const decoder = createFrameDecoder();
  let isOver = false;
  const end = (reason: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    listener.lost(reason);
  };
  machine.output.on("data", (chunk: Buffer) => {
    if (isOver) return;
    let dealtWith = 0;
    try {
      for (const each of decoder.push(chunk)) {
        listener.frame(each);
        dealtWith += headerBytes + each.payload.byteLength;
      }
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      end(error.message);
    }
    if (dealtWith > 0) machine.acknowledge(dealtWith);
  });
  machine.output.on("close", () => end(undefined));
  machine.output.on("error", () => end(undefined));
  // Ignored: when the sandbox has died, the end of its output reports it.
  machine.input.on("error", () => undefined);
  return { stop: () => void (isOver = true) };
};

const inUse = (machine: TierMachine, detach: () => void): Machine => ({
  send: (frame) => void machine.input.write(frame),
  pause: () => void machine.output.pause(),
  resume: () => void machine.output.resume(),
  meter: machine.meter,
  idleShare: machine.idleShare,
  destroy: () => machine.destroy(),
  detach,
  complaint: () => machine.complaint(),
});

/** A machine that another server process has left, for its new user. */
export const adoptSandbox = (
  machine: TierMachine,
  listener: FrameListener,
  { left }: Pick<OpenSandboxOptions, "left">,
): { readonly machine: Machine; readonly sandbox: Tracked } => {
  const died = Promise.withResolvers<void>();
  const sandbox: Tracked = { died: died.promise, [Symbol.asyncDispose]: () => machine.destroy() };
  machine.wake();
  const listening = listen(machine, {
    frame: (frame) => listener.frame(frame),
    lost(reason) {
      listener.lost(reason);
      died.resolve();
    },
  });
  const detach = (): void => {
    machine.detach();
    listening.stop();
    left(sandbox);
  };
  return { machine: inUse(machine, detach), sandbox };
};

/** Resolves when init, and the warm-up program where there is one, said ready. Rejects with SandboxUnavailable. */
export const openSandbox = async (options: OpenSandboxOptions): Promise<Sandbox> => {
  const { machine } = options;
  let ready = Promise.withResolvers<{ readonly mayBeCopied: boolean }>();
  const died = Promise.withResolvers<void>();
  let user: FrameListener | undefined;
  let state: "booting" | "waiting" | "used" | "gone" = "booting";

  const idle = (frame: Frame): void => {
    if (frame.type === bootFrames.ready && frame.payload.byteLength === 1 && state === "booting") {
      ready.resolve({ mayBeCopied: frame.payload[0] === 1 });
      return;
    }
    const isFailure = frame.type === bootFrames.failed;
    throw new FrameFault(isFailure ? failureOf(frame) : `unexpected frame of type ${frame.type} while idle`);
  };
  const listening = listen(machine, {
    frame(frame) {
      if (user === undefined) idle(frame);
      else user.frame(frame);
    },
    lost(reason) {
      const before = state;
      state = "gone";
      user?.lost(reason);
      ready.reject(new SandboxUnavailable(`the sandbox did not start. ${reason ?? machine.complaint()}`.trim()));
      if (before === "waiting") void machine.destroy();
      died.resolve();
    },
  });

  const ask = (question: number): void => void machine.input.write(encodeFrame(question));
  /** The timeout applies to each response, so that saving an original in between does not count. */
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

  const sandbox: Sandbox = {
    id: options.id,
    tier: options.tier,
    limitsEnforcement: options.limitsEnforcement,
    blueprint: options.blueprint,
    died: died.promise,
    take(listener, owner) {
      if (state !== "waiting") throw new Error("this sandbox has been used or has died");
      state = "used";
      user = listener;
      machine.wake(owner);
      return inUse(machine, () => {
        machine.detach();
        listening.stop();
        options.left(sandbox);
      });
    },
    async [Symbol.asyncDispose]() {
      if (state === "waiting") state = "gone";
      await machine.destroy();
    },
  };
  return sandbox;
};
