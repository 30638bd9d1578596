/** Finds out whether a program waits for input: asks init when the program has been quiet for a while. */
import type { SandboxPatience } from "../ports.ts";

export type InputWaitOptions = {
  readonly patience: SandboxPatience;
  /** Asks init, whose answer is passed to `answer`. */
  readonly probe: () => void;
  /** Called when the program begins or ends waiting. */
  readonly changed: (waits: boolean) => void;
  /** Called when there was no input for the whole idle limit. */
  readonly gaveUp: () => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
};

export interface InputWait {
  /** Called at every measurement with the CPU time that the program used so far. */
  tick(cpuMs: number): void;
  /** Called when the program wrote output. */
  wrote(): void;
  /** Called when somebody typed or ended the input. */
  typed(): void;
  answer(waits: boolean): void;
  stop(): void;
  readonly waits: boolean;
}

/** Init is asked after so long without output and with little CPU use. */
const QUIET_MS = 500;
/** First interval between two questions; doubled after each answer "does not wait". */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 4000;
/** Use of more than this share of a processor counts as work. */
const BUSY_SHARE = 0.3;

export const createInputWait = ({ patience, probe, changed, gaveUp, now }: InputWaitOptions): InputWait => {
  let waits = false;
  let stopped = false;
  let isAsking = false;
  let quietSinceMs = now();
  let typedAtMs = now();
  let askAgainMs = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let last: { readonly atMs: number; readonly cpuMs: number } | undefined;

  const set = (next: boolean): void => {
    if (next === waits || stopped) return;
    if (next && !patience.begin()) return;
    waits = next;
    if (!next) patience.end();
    changed(next);
  };

  const active = (): void => {
    quietSinceMs = now();
    pauseMs = FIRST_PAUSE_MS;
    askAgainMs = 0;
    set(false);
  };

  return {
    tick(cpuMs) {
      if (stopped) return;
      const atMs = now();
      const usedMs = cpuMs - (last?.cpuMs ?? cpuMs);
      const passedMs = atMs - (last?.atMs ?? atMs);
      // Some kernels count CPU time in steps of 10 ms: the share over a short time is meaningless.
      if (last === undefined || passedMs >= 200) {
        last = { atMs, cpuMs };
        if (usedMs > passedMs * BUSY_SHARE) active();
      }
      if (waits) {
        if (atMs - typedAtMs >= patience.idleMs) gaveUp();
        return;
      }
      if (isAsking || atMs - quietSinceMs < QUIET_MS || atMs < askAgainMs) return;
      isAsking = true;
      probe();
    },
    wrote: active,
    typed() {
      typedAtMs = now();
      active();
    },
    answer(says) {
      if (!isAsking || stopped) return;
      isAsking = false;
      askAgainMs = now() + pauseMs;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      // Output or input since the question makes the answer outdated.
      if (says && now() - quietSinceMs >= QUIET_MS) set(true);
    },
    stop() {
      if (waits) patience.end();
      waits = false;
      stopped = true;
    },
    get waits() {
      return waits;
    },
  };
};
