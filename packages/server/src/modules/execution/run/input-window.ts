/** Sends a program's input no faster than the sandbox can take it, so that control frames are never stuck behind it. */
import { encodeFrame } from "#platform/sandboxes";
import { toSandbox } from "./run-frames.ts";

/** The queue between a caller and a sandbox's 64 KiB input buffer. */
export interface InputWindow {
  /** The program that reads the input has been started; what came before was kept. */
  open(): void;
  /** False when more is queued than the sandbox can take now. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** The sandbox can take `count` more bytes. */
  taken(count: number): void;
  /** Resolves when nothing is queued, or the run is over. */
  drained(): Promise<void>;
  /** Lets go of everything; later calls do nothing. */
  close(): void;
}

const windowBytes = 65_536;

/** `send` passes one encoded frame to the sandbox. */
export const createInputWindow = (send: (frame: Uint8Array) => void): InputWindow => {
  let free = windowBytes;
  let queue: Uint8Array[] = [];
  let state: "open" | "ending" | "closed" = "open";
  let started = false;
  let waiting: (() => void)[] = [];

  const settle = (): void => {
    if (queue.length > 0 && state !== "closed") return;
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  };
  const pump = (): void => {
    while (started && free > 0 && queue[0] !== undefined) {
      const chunk = queue[0];
      const part = chunk.subarray(0, free);
      if (part.byteLength === chunk.byteLength) queue.shift();
      else queue[0] = chunk.subarray(part.byteLength);
      free -= part.byteLength;
      send(encodeFrame(toSandbox.stdin, part));
    }
    if (started && queue.length === 0 && state === "ending") {
      state = "closed";
      send(encodeFrame(toSandbox.stdinEnd));
    }
    settle();
  };
  return {
    open() {
      started = true;
      pump();
    },
    write(chunk) {
      if (state !== "open" || chunk.byteLength === 0) return true;
      queue.push(Uint8Array.from(chunk));
      pump();
      return queue.length === 0;
    },
    end() {
      if (state !== "open") return;
      state = "ending";
      pump();
    },
    taken(count) {
      if (count > windowBytes - free) return;
      free += count;
      pump();
    },
    drained: () => {
      const drained = Promise.withResolvers<void>();
      waiting.push(drained.resolve);
      settle();
      return drained.promise;
    },
    close() {
      state = "closed";
      queue = [];
      settle();
    },
  };
};
