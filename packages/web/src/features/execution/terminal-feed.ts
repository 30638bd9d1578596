/** Feeds a terminal no faster than it draws: of more output than that the newest is kept, and what is left out is named. */
import type { OutputBuffer } from "./output-buffer.ts";

/** Older output that waits beyond this is skipped: it would scroll past unseen anyway. */
const MOST_WAITING_BYTES = 2 * 1024 * 1024;
/** Bytes passed to the terminal at a time: they can't be taken back, so they delay a clear. */
const PIECE_BYTES = 128 * 1024;
const NEWLINE = 10;
const MIB = 1024 * 1024;
/** Ends an escape sequence that was cut in two, and its colours. */
const AFRESH = "\u0018\u001b[0m";

/** What is needed of xterm. */
export type FedTerminal = {
  write(data: string, written: () => void): void;
  reset(): void;
};

/** Chunks that wait for the terminal, the oldest given up when they become too many. */
const createQueue = () => {
  let chunks: Uint8Array[] = [];
  let waitingBytes = 0;
  let skippedBytes = 0;

  const skip = (): void => {
    while (waitingBytes > MOST_WAITING_BYTES) {
      const oldest = chunks.shift();
      if (!oldest) return;
      // In whole lines, where there are lines; never in the middle of a character.
      const end = oldest.indexOf(NEWLINE, Math.max(0, waitingBytes - MOST_WAITING_BYTES - 1));
      const kept = end === -1 ? undefined : oldest.subarray(end + 1);
      if (kept && kept.length > 0) chunks.unshift(kept);
      skippedBytes += oldest.length - (kept?.length ?? 0);
      waitingBytes -= oldest.length - (kept?.length ?? 0);
    }
  };

  return {
    add(bytes: Uint8Array): void {
      chunks.push(bytes);
      waitingBytes += bytes.length;
      skip();
    },
    clear(): void {
      chunks = [];
      waitingBytes = 0;
      skippedBytes = 0;
    },
    /** The next piece; undefined when nothing waits. */
    next(): Uint8Array | undefined {
      const oldest = chunks.shift();
      if (!oldest) return undefined;
      const piece = oldest.subarray(0, PIECE_BYTES);
      if (piece.length < oldest.length) chunks.unshift(oldest.subarray(piece.length));
      waitingBytes -= piece.length;
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
  stop(): void;
}

export const feedTerminal = (terminal: FedTerminal, output: OutputBuffer, layout: Layout): TerminalFeed => {
  const queue = createQueue();
  let isWriting = false;
  let isStale = false;
  let isStopped = false;

  const written = (): void => {
    isWriting = false;
    if (isStopped) return;
    if (isStale) terminal.reset();
    isStale = false;
    pump();
  };

  const pump = (): void => {
    if (isWriting) return;
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
    const last = pieces.pop();
    if (last === undefined) return;
    isWriting = true;
    for (const piece of pieces) terminal.write(piece, () => undefined);
    terminal.write(last, written);
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
    stop() {
      isStopped = true;
      queue.clear();
      unsubscribe();
    },
  };
};
