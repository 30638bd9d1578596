/** Two ends of a channel in one process, for tests: a frame that has credit arrives before `send` returns. */
import { Inbox } from "../inbox.ts";
import { type Channel, type Closing, type Frame, frameBytes, frameCost, type Reserve } from "../ports.ts";

const reserveAnything: Reserve = () => () => undefined;

class MemoryChannel implements Channel {
  peer: MemoryChannel | undefined;
  readonly inbox: Inbox;
  readonly closed: Promise<Closing>;
  isOpen = true;
  unsentBytes = 0;
  readonly #queue: Frame[] = [];
  readonly #end: (closing: Closing) => void;
  #sentHandler: (() => void) | undefined;
  #closing: Closing | undefined;

  constructor(reserve: Reserve) {
    const { promise, resolve } = Promise.withResolvers<Closing>();
    this.closed = promise;
    this.#end = resolve;
    this.inbox = new Inbox({
      reserve,
      overfull: () => this.close(1013, "too many frames are waiting"),
      credited: () => this.peer?.flush(),
    });
  }

  send(frame: Frame): void {
    if (!this.isOpen) return;
    this.#queue.push(typeof frame === "string" ? frame : Buffer.from(frame));
    this.unsentBytes += frameBytes(frame);
    this.flush();
  }

  flush(): void {
    while (this.peer?.inbox.hasCredit === true) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      this.unsentBytes -= frameBytes(frame);
      this.peer.inbox.arrive(frame);
      this.#sentHandler?.();
    }
    if (this.#closing !== undefined && this.#queue.length === 0) this.#finish(this.#closing);
  }

  onSent(handler: () => void): void {
    this.#sentHandler = handler;
  }

  onFrame(handler: ((frame: Frame) => void) | undefined, windowBytes?: number): void {
    this.inbox.onFrame(handler, windowBytes);
  }

  credit(bytes: number): void {
    this.inbox.credit(bytes);
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.inbox.close();
    this.#closing = { code, reason };
    if (code !== 1000) this.#queue.length = 0;
    this.flush();
  }

  #finish(closing: Closing): void {
    for (const end of [this, this.peer]) if (end !== undefined) end.#ended(closing);
  }

  #ended(closing: Closing): void {
    this.isOpen = false;
    this.#closing = undefined;
    this.#queue.length = 0;
    this.unsentBytes = 0;
    this.inbox.end();
    this.#end(closing);
  }
}

/** @param reserve counts the frames that wait at the first end; default: no limit */
export const createMemoryChannels = (reserve: Reserve = reserveAnything): readonly [Channel, Channel] => {
  const [near, far] = [new MemoryChannel(reserve), new MemoryChannel(reserveAnything)];
  near.peer = far;
  far.peer = near;
  return [near, far];
};

/** Credit for each frame as soon as the handler returns. */
export const creditAtOnce = (channel: Channel, handler: (frame: Frame) => void): void =>
  channel.onFrame((frame) => {
    handler(frame);
    channel.credit(frameCost(frame));
  });
