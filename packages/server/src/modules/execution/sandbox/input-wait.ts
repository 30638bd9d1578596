/** Whether a program waits for a person: told by init, which is asked when nothing has happened for a while. */
import type { SandboxPatience } from "../ports.ts";

export type InputWaitOptions = {
  readonly patience: SandboxPatience;
  /** Asks init; the answer comes by `answer`. */
  readonly probe: () => void;
  /** It waits from now on, or no longer. */
  readonly changed: (waits: boolean) => void;
  /** Nobody has answered for the whole idle limit. */
  readonly gaveUp: () => void;
  /** Milliseconds that never go back. */
  readonly now: () => number;
};

export interface InputWait {
  /** At every measurement, with the CPU time of the program until now. */
  tick(cpuMs: number): void;
  /** The program wrote something. */
  wrote(): void;
  /** Somebody typed, or ended the input. */
  typed(): void;
  answer(waits: boolean): void;
  stop(): void;
  readonly waits: boolean;
}

/** Without output and with little use of the CPU: only then init is asked. */
const QUIET_MS = 500;
/** Between two questions; doubled by each answer that it does not wait. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 4000;
/** More than this share of a processor is work. */
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
      // Time is counted in steps of 10 ms in some places: a share of a short time says nothing.
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
      // What happened since the question makes the answer old.
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
