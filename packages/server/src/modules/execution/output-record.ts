/** The output of a run: the beginning of each stream as text, and a limited replay for listeners that connect late. */
import { createByteBuffer } from "./byte-buffer.ts";

export type OutputStream = "stdout" | "stderr" | "terminal";
export type OutputFrame = { readonly stream: OutputStream; readonly bytes: Uint8Array };

export type OutputRecordOptions = {
  /** Kept from the start of each stream, for the execution's `stdout` and `stderr`. */
  readonly captureBytes: number;
  /** Kept in order over all streams: half from the start, half from the end. */
  readonly replayBytes: number;
};

export interface OutputRecord {
  /** The chunk is copied: the caller may reuse it. */
  add(stream: OutputStream, chunk: Uint8Array): void;
  /** The output for a late listener; a line in square brackets gives the number of missing bytes. */
  replay(): OutputFrame[];
  /** Captured text; invalid UTF-8 becomes U+FFFD, a character whose bytes are still arriving is left out until it is whole. */
  text(stream: OutputStream, options: { readonly final: boolean }): string;
  /** The end of what a late listener gets, as text. */
  last(bytes: number): string;
  readonly truncated: boolean;
  /** After the end: keeps nothing but the count. */
  forget(): void;
  /** Bytes over all streams, kept or not. */
  readonly totalBytes: number;
}

const COALESCED_BYTES = 8192;
/** Bounds the frames of a program that alternates single bytes between its streams. */
const MAX_FRAMES = 2048;

export const createOutputRecord = ({ captureBytes, replayBytes }: OutputRecordOptions): OutputRecord => {
  const captured = {
    stdout: createByteBuffer(captureBytes),
    stderr: createByteBuffer(captureBytes),
    terminal: createByteBuffer(captureBytes),
  };
  const partBytes = Math.floor(replayBytes / 2);
  const head: OutputFrame[] = [];
  const tail: OutputFrame[] = [];
  let headBytes = 0;
  let tailBytes = 0;
  let headOpen = true;
  let skippedBytes = 0;
  let totalBytes = 0;

  const append = (frames: OutputFrame[], frame: OutputFrame): void => {
    const last = frames.at(-1);
    const joins = last?.stream === frame.stream && last.bytes.length + frame.bytes.length <= COALESCED_BYTES;
    if (joins) frames[frames.length - 1] = { stream: frame.stream, bytes: Buffer.concat([last.bytes, frame.bytes]) };
    else frames.push({ stream: frame.stream, bytes: Buffer.from(frame.bytes) });
  };

  const addToTail = (frame: OutputFrame): void => {
    append(tail, frame);
    tailBytes += frame.bytes.length;
    let excess = tailBytes - partBytes;
    while (excess > 0 || tail.length > MAX_FRAMES) {
      const first = tail[0];
      if (first === undefined) return;
      const dropped = tail.length > MAX_FRAMES ? first.bytes.length : Math.min(excess, first.bytes.length);
      if (dropped === first.bytes.length) tail.shift();
      else tail[0] = { stream: first.stream, bytes: first.bytes.subarray(dropped) };
      excess -= dropped;
      tailBytes -= dropped;
      skippedBytes += dropped;
    }
  };

  return {
    add(stream, chunk) {
      totalBytes += chunk.length;
      captured[stream].append(chunk);
      const free = headOpen ? Math.min(partBytes - headBytes, chunk.length) : 0;
      if (free > 0) {
        append(head, { stream, bytes: chunk.subarray(0, free) });
        headBytes += free;
        headOpen = headBytes < partBytes && head.length < MAX_FRAMES;
      }
      if (free < chunk.length) addToTail({ stream, bytes: chunk.subarray(free) });
    },
    forget() {
      for (const buffer of Object.values(captured)) buffer.forget();
      head.length = 0;
      tail.length = 0;
      skippedBytes = totalBytes;
    },
    replay() {
      if (skippedBytes === 0) return [...head, ...tail];
      const stream = tail[0]?.stream === "terminal" ? "terminal" : "stderr";
      const note = Buffer.from(`\r\n[${skippedBytes} bytes of output are not kept]\r\n`);
      return [...head, { stream, bytes: note }, ...tail];
    },
    text(stream, { final }) {
      const { bytes, truncated } = captured[stream];
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: !final || truncated });
    },
    last(bytes) {
      const parts: Uint8Array[] = [];
      let wanted = bytes;
      for (const frame of [...head, ...tail].toReversed()) {
        if (wanted <= 0) break;
        parts.push(frame.bytes.subarray(Math.max(0, frame.bytes.length - wanted)));
        wanted -= frame.bytes.length;
      }
      return Buffer.concat(parts.toReversed()).toString("utf8");
    },
    get truncated() {
      return captured.stdout.truncated || captured.stderr.truncated || captured.terminal.truncated;
    },
    get totalBytes() {
      return totalBytes;
    },
  };
};
