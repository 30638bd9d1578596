/** The receiving half of all adapters: frames that wait for a handler, and accounting of credit. */
import { type Channel, type Frame, frameCost, type Reserve, START_CREDIT_BYTES } from "./ports.ts";

/** Memory that a waiting frame needs beside its bytes. */
const FRAME_MEMORY_BYTES = 256;

export type InboxOptions = {
  /** Counts received frames without credit in the budget of their sender. */
  readonly reserve: Reserve;
  /** Called when that budget is used up; the adapter closes the channel. */
  readonly overfull: () => void;
  /** Called when `missing` may have changed: after credit, and when the window grew. */
  readonly credited: () => void;
};

export class Inbox {
  readonly #options: InboxOptions;
  readonly #reserved: { readonly upTo: number; readonly release: () => void }[] = [];
  #waiting: Frame[] = [];
  #handler: ((frame: Frame) => void) | undefined;
  #isPassing = false;
  #isClosed = false;
  #isEnding = false;
  #windowBytes = START_CREDIT_BYTES;
  #receivedBytes = 0;
  #creditedBytes = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Cost of all frames that the peer may send, including those received before. */
  get allowedBytes(): number {
    return this.#creditedBytes + this.#windowBytes;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** Whether the peer may send. */
  get hasCredit(): boolean {
    return this.#receivedBytes < this.allowedBytes;
  }

  /** Delivers a frame to the handler, after waiting ones, and never while the handler runs. */
  arrive(frame: Frame): void {
    if (this.#isClosed || this.#isEnding) return;
    const cost = frameCost(frame);
    this.#receivedBytes += cost;
    this.#waiting.push(frame);
    this.#pass();
    // Most frames get credit at once and reserve nothing.
    if (this.#isClosed || this.#creditedBytes >= this.#receivedBytes) return;
    const release = this.#options.reserve(cost + FRAME_MEMORY_BYTES);
    if (release === undefined) this.#options.overfull();
    else this.#reserved.push({ upTo: this.#receivedBytes, release });
  }

  readonly onFrame: Channel["onFrame"] = (handler, windowBytes = START_CREDIT_BYTES) => {
    this.#handler = handler;
    if (windowBytes > this.#windowBytes) {
      this.#windowBytes = windowBytes;
      this.#options.credited();
    }
    this.#pass();
  };

  readonly credit: Channel["credit"] = (bytes) => {
    if (this.#isClosed) return;
    this.#creditedBytes = Math.min(this.#receivedBytes, this.#creditedBytes + bytes);
    while ((this.#reserved[0]?.upTo ?? Number.POSITIVE_INFINITY) <= this.#creditedBytes)
      this.#reserved.shift()?.release();
    this.#options.credited();
  };

  /** The peer has closed: no frame follows. A running handler still gets the earlier frames. */
  end(): void {
    if (this.#isPassing) this.#isEnding = true;
    else this.close();
  }

  /** Drops waiting frames; later ones are ignored. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#handler = undefined;
    for (const { release } of this.#reserved.splice(0)) release();
  }

  #pass(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    try {
      while (this.#handler !== undefined) {
        const frame = this.#waiting.shift();
        if (frame === undefined) return;
        this.#handler(frame);
      }
    } finally {
      this.#isPassing = false;
      if (this.#isEnding) this.close();
    }
  }
}
