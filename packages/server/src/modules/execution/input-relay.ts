/** Input, signals and resizes of listeners: queued in order until the program runs, then passed to it with back-pressure. */
import type { SandboxRun, TerminalSize } from "./run/ports.ts";

export type SignalName = Parameters<SandboxRun["signal"]>[0];

const MAX_WAITING_SIGNALS = 16;

export type InputRelayOptions = {
  /** Input that may wait for the program to start, in bytes. */
  readonly maxWaitingBytes: number;
  /** The terminal's size at the start; 80 by 24. */
  readonly size?: TerminalSize | undefined;
};

const USUAL_SIZE: TerminalSize = { columns: 80, rows: 24 };

export interface InputRelay {
  /** Resolves when more may be written: at once, or when the sandbox has accepted the bytes. */
  write(chunk: Uint8Array): Promise<void>;
  end(): void;
  signal(name: SignalName): void;
  resize(size: TerminalSize): void;
  /** The terminal's last known size. */
  readonly size: TerminalSize;
  /** True until `end`: more input may follow. */
  readonly open: boolean;
  /** Something of the run has started: signals and sizes go there, those that waited first. */
  start(run: SandboxRun): void;
  /** The program itself has started: input goes there, what waited first. */
  connect(run: SandboxRun): void;
  /** Called when the run has ended: later input is ignored, and waiting writers resolve. */
  close(): void;
}

export const createInputRelay = ({ maxWaitingBytes, size: firstSize = USUAL_SIZE }: InputRelayOptions): InputRelay => {
  let started: SandboxRun | undefined;
  let run: SandboxRun | undefined;
  let closed = false;
  let ended = false;
  let size = firstSize;
  let resized = false;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  const signals: SignalName[] = [];
  const connected = Promise.withResolvers<void>();

  return {
    async write(chunk) {
      if (closed || ended || chunk.length === 0) return;
      if (run !== undefined) {
        if (!run.writeStdin(chunk)) await Promise.race([run.drained(), run.result]);
        return;
      }
      waiting.push(Buffer.from(chunk));
      waitingBytes += chunk.length;
      if (waitingBytes > maxWaitingBytes) await connected.promise;
    },
    end() {
      if (ended) return;
      ended = true;
      run?.endStdin();
    },
    signal(name) {
      if (closed) return;
      if (started === undefined) {
        if (signals.length < MAX_WAITING_SIGNALS) signals.push(name);
      } else started.signal(name);
    },
    resize(next) {
      if (next.columns === size.columns && next.rows === size.rows) return;
      size = next;
      resized = true;
      if (!closed) started?.resize(next);
    },
    get size() {
      return size;
    },
    get open() {
      return !ended && !closed;
    },
    start(next) {
      started = next;
      // The terminal may have been made before the size was told.
      if (resized) next.resize(size);
      for (const name of signals.splice(0)) next.signal(name);
    },
    connect(next) {
      run = next;
      for (const chunk of waiting) next.writeStdin(chunk);
      waiting = [];
      if (ended) next.endStdin();
      connected.resolve();
    },
    close() {
      closed = true;
      waiting = [];
      connected.resolve();
    },
  };
};
