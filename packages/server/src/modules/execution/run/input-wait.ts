/** Finds out whether a program waits for input: asks init when the program has been quiet for a while. */
import type { SandboxPatience } from "./ports.ts";

export type InputWaitOptions = {
  readonly patience: SandboxPatience;
  /** Use of more than this share of a processor is work. */
  readonly idleShare: number;
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

/**
 * Init is asked after so long without output, input and work. CPU use is looked at over as much time: some kernels count it in steps of
 * 10 ms, which make the share over a short time meaningless.
 */
const QUIET_MS = 500;
/** First interval between two questions; doubled after each answer "does not wait". */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 4000;
export const createInputWait = ({ patience, idleShare, probe, changed, gaveUp, now }: InputWaitOptions): InputWait => {
  let waits = false;
  let stopped = false;
  let isAsking = false;
  /** Nothing has happened for QUIET_MS or longer. */
  let isQuiet = false;
  let typedAtMs = now();
  let askAgainMs = 0;
  let pauseMs = FIRST_PAUSE_MS;
  /** Where the current look at the CPU use began. */
  let look: { readonly atMs: number; readonly cpuMs: number } | undefined;

  const set = (next: boolean): void => {
    if (next === waits || stopped) return;
    if (next && !patience.begin()) return;
    waits = next;
    if (!next) patience.end();
    changed(next);
  };

  const active = (): void => {
    isQuiet = false;
    look = undefined;
    pauseMs = FIRST_PAUSE_MS;
    askAgainMs = 0;
    set(false);
  };

  return {
    tick(cpuMs) {
      if (stopped) return;
      const atMs = now();
      look ??= { atMs, cpuMs };
      const passedMs = atMs - look.atMs;
      if (passedMs >= QUIET_MS) {
        const isBusy = cpuMs - look.cpuMs > passedMs * idleShare;
        if (isBusy) active();
        else isQuiet = true;
        look = { atMs, cpuMs };
      }
      if (waits) {
        if (atMs - typedAtMs >= patience.idleMs) gaveUp();
        return;
      }
      if (isAsking || !isQuiet || atMs < askAgainMs) return;
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
      // Output, input or work since the question makes the answer outdated.
      if (says && isQuiet) set(true);
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
