/** Feeds a terminal no faster than it draws: of faster output only the newest is kept, and a line shows how much was skipped. */
import type { OutputBuffer } from "./output-buffer.ts";

/** Limits of queued output: above `most` the oldest is dropped until `kept` remains, so that drops are rare and large. */
type Backlog = {
  readonly most: { readonly bytes: number; readonly lines: number };
  readonly kept: { readonly bytes: number; readonly lines: number };
};
/** The terminal keeps 5,000 lines: what is dropped would have scrolled out of it. */
const NORMAL: Backlog = { most: { bytes: 2 * 1024 * 1024, lines: 10_000 }, kept: { bytes: 1024 * 1024, lines: 5000 } };
/** While the run is being stopped, only its last lines are shown. */
const SKIMMED: Backlog = { most: { bytes: 32 * 1024, lines: 200 }, kept: { bytes: 16 * 1024, lines: 100 } };
/** Bytes passed to the terminal at a time: they can't be taken back, and nothing interrupts their parsing. */
const PIECE_BYTES = 8 * 1024;
/** The feed yields to the event loop when it has worked for this long. */
const SLICE_MS = 8;
const NEWLINE = 10;
const MIB = 1024 * 1024;
/** Ends an escape sequence that was cut in two, and its colours. */
const AFRESH = "\u0018\u001b[0m";

/** The part of xterm that is used. */
export type FedTerminal = {
  write(data: string, written: () => void): void;
  reset(): void;
};

const countLines = (bytes: Uint8Array): number => {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
};

/** The index after a line's end at which a chunk continues when at least this much is dropped. */
const cutOf = (bytes: Uint8Array, least: { readonly bytes: number; readonly lines: number }): number => {
  let end = 0;
  for (let lines = 0; lines < least.lines; lines += 1) {
    const at = bytes.indexOf(NEWLINE, end);
    if (at === -1) return bytes.length;
    end = at + 1;
  }
  if (end > 0 && end >= least.bytes) return end;
  // In whole lines, where there are lines; never in the middle of a character.
  const at = bytes.indexOf(NEWLINE, Math.max(0, least.bytes - 1));
  return at === -1 ? bytes.length : at + 1;
};

/** The queue of chunks for the terminal; the oldest are dropped above the limit. */
const createQueue = () => {
  let chunks: Uint8Array[] = [];
  let waiting = { bytes: 0, lines: 0 };
  let skippedBytes = 0;
  let backlog = NORMAL;

  const count = (bytes: Uint8Array, sign: 1 | -1): void => {
    waiting.bytes += sign * bytes.length;
    waiting.lines += sign * countLines(bytes);
  };
  const isAbove = ({ bytes, lines }: Backlog["most"]): boolean => waiting.bytes > bytes || waiting.lines > lines;
  const skip = (): void => {
    if (!isAbove(backlog.most)) return;
    const { kept } = backlog;
    while (isAbove(kept)) {
      const oldest = chunks.shift();
      if (!oldest) return;
      const end = cutOf(oldest, { bytes: waiting.bytes - kept.bytes, lines: waiting.lines - kept.lines });
      const dropped = oldest.subarray(0, end);
      if (end < oldest.length) chunks.unshift(oldest.subarray(end));
      skippedBytes += dropped.length;
      count(dropped, -1);
    }
  };

  return {
    add(bytes: Uint8Array): void {
      chunks.push(bytes);
      count(bytes, 1);
      skip();
    },
    bound(next: Backlog): void {
      backlog = next;
      skip();
    },
    clear(): void {
      chunks = [];
      waiting = { bytes: 0, lines: 0 };
      skippedBytes = 0;
    },
    /** The next piece; undefined when nothing waits. */
    next(): Uint8Array | undefined {
      const oldest = chunks.shift();
      if (!oldest) return undefined;
      const piece = oldest.subarray(0, PIECE_BYTES);
      if (piece.length < oldest.length) chunks.unshift(oldest.subarray(piece.length));
      count(piece, -1);
      return piece;
    },
    /** How much was skipped since this was last asked. */
    takeSkipped(): number {
      const bytes = skippedBytes;
      skippedBytes = 0;
      return bytes;
    },
  };
};

/** Turns the bytes of the output into the text that the terminal draws. */
export type Layout = { transform(bytes: Uint8Array): string; reset(): void };

/** Controls the feed. */
export interface TerminalFeed {
  /** Clears the terminal and feeds all output again, because lines are to be broken elsewhere. */
  again(): void;
  /** True: of queued and later output only the last lines are shown. */
  skim(isSkimming: boolean): void;
  stop(): void;
}

/** The clock, in milliseconds, and the way to go on after other work of the page. */
export type Pace = { now(): number; later(work: () => void): void };

const PAGE_PACE: Pace = { now: () => performance.now(), later: (work) => void setTimeout(work) };

export type FeedOptions = {
  readonly terminal: FedTerminal;
  readonly output: OutputBuffer;
  readonly layout: Layout;
  readonly pace?: Pace;
};

export const feedTerminal = ({ terminal, output, layout, pace = PAGE_PACE }: FeedOptions): TerminalFeed => {
  const queue = createQueue();
  let isWriting = false;
  let isResting = false;
  let isStale = false;
  let isStopped = false;
  /** When the terminal called back for the first time in this task: how long it waited for its turn before that is not work. */
  let sliceBegunMs: number | undefined;

  const written = (): void => {
    isWriting = false;
    if (isStopped) return;
    if (isStale) terminal.reset();
    isStale = false;
    const nowMs = pace.now();
    sliceBegunMs ??= nowMs;
    if (nowMs - sliceBegunMs < SLICE_MS) {
      pump();
      if (!isWriting && !isResting) sliceBegunMs = undefined;
      return;
    }
    isResting = true;
    pace.later(() => {
      isResting = false;
      sliceBegunMs = undefined;
      pump();
    });
  };

  const pump = (): void => {
    if (isWriting || isResting || isStopped) return;
    const skipped = queue.takeSkipped();
    const notice = `${AFRESH}\r\n\u001b[2m… ${(skipped / MIB).toFixed(1)} MB were not shown …\u001b[0m\r\n`;
    const pieces: string[] = [];
    if (skipped > 0) {
      pieces.push(notice);
      layout.reset();
    }
    let bytes = 0;
    while (bytes < PIECE_BYTES) {
      const piece = queue.next();
      if (!piece) break;
      pieces.push(layout.transform(piece));
      bytes += piece.length;
    }
    if (pieces.length === 0) return;
    isWriting = true;
    terminal.write(pieces.join(""), written);
  };

  const clear = (): void => {
    queue.clear();
    terminal.reset();
    layout.reset();
    // The terminal still draws what it has accepted, so it is cleared afterwards.
    isStale = isWriting;
  };
  const listen = (): (() => void) =>
    output.subscribe((bytes) => {
      if (bytes) queue.add(bytes);
      else clear();
      pump();
    });
  let unsubscribe = listen();
  return {
    again() {
      unsubscribe();
      clear();
      unsubscribe = listen();
    },
    skim(isSkimming) {
      queue.bound(isSkimming ? SKIMMED : NORMAL);
    },
    stop() {
      isStopped = true;
      queue.clear();
      unsubscribe();
    },
  };
};
