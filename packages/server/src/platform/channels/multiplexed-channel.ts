/** One numbered channel of a multiplexer: its queue, its credit in both directions, and its end. */
import {
  CHANNEL_FRAME,
  CHANNEL_PIECE_BYTES,
  type ChannelFrameType,
  CLOSE,
  encodeClosing,
  encodeCredit,
  MIN_CHANNEL_PIECE_BYTES,
} from "@atelier/contracts";
import { Inbox } from "./inbox.ts";
import { type Piece, PieceCollector, pieceCost, PieceQueue } from "./piece-queue.ts";
import { type Channel, type Closing, type Frame, FRAME_COST_BYTES, type Reserve, START_CREDIT_BYTES } from "./ports.ts";

/** The longest time without progress for which a close 1000 waits for the peer's credit. */
export const LAST_FRAMES_MS = 30_000;

export type ChannelTraits = {
  /** Pieces of a lower number are sent first. */
  readonly priority: 0 | 1 | 2;
  /** Limit on one frame that is received; above it the channel is closed with 1009. */
  readonly maxFrameBytes: number;
};

/** The multiplexer's functions for its channels. */
export type ChannelHost = {
  readonly reserve: Reserve;
  /** Sends a frame on the carrier. */
  write(type: ChannelFrameType, payload: Uint8Array): void;
  /** No channel has queued frames, and the carrier's queue is not full, so a frame can be sent at once in the right order. */
  readonly isIdle: boolean;
  /** The channel has a piece to send, and credit for it. */
  ready(): void;
  /** The channel sends and receives no more frames. */
  ended(): void;
  /** Calls `run` after LAST_FRAMES_MS. @returns a function that cancels it */
  later(run: () => void): () => void;
};

export class MultiplexedChannel implements Channel {
  readonly closed: Promise<Closing>;
  readonly traits: ChannelTraits;
  readonly #host: ChannelHost;
  readonly #inbox: Inbox;
  readonly #queue = new PieceQueue();
  readonly #collector = new PieceCollector();
  readonly #end: (closing: Closing) => void;
  #sent: (() => void) | undefined;
  #closing: Closing | undefined;
  #isEnded = false;
  #giveUp: (() => void) | undefined;
  /** Credit from the peer; below zero after a piece that exceeded it. */
  #sendable = START_CREDIT_BYTES;
  /** Cost of all received pieces, and the total credit that the peer got. */
  #arrived = 0;
  #granted = START_CREDIT_BYTES;
  /** Reservation for the pieces of an incomplete frame. */
  readonly #deferredReleases: (() => void)[] = [];

  constructor(traits: ChannelTraits, host: ChannelHost) {
    this.traits = traits;
    this.#host = host;
    const { promise, resolve } = Promise.withResolvers<Closing>();
    this.closed = promise;
    this.#end = resolve;
    this.#inbox = new Inbox({
      reserve: host.reserve,
      overfull: () => this.close(CLOSE.overloaded, "too many frames are waiting"),
      credited: () => this.#grant(),
    });
  }

  get isOpen(): boolean {
    return this.#closing === undefined && !this.#isEnded;
  }

  get unsentBytes(): number {
    return this.#queue.unsentBytes;
  }

  /** Whether a piece could be sent now. */
  get isReady(): boolean {
    return !this.#queue.isEmpty && this.#sendable > 0;
  }

  send(frame: Frame): void {
    if (!this.isOpen) return;
    if (typeof frame !== "string" && this.#queue.isEmpty && this.#mayPass(frame) && this.#host.isIdle) {
      this.#sendable -= frame.byteLength + FRAME_COST_BYTES;
      this.#host.write(CHANNEL_FRAME.data, frame);
      this.#sent?.();
      return;
    }
    this.#queue.add(frame);
    if (this.isReady) this.#host.ready();
  }

  /** Whether a frame is one piece, for which there is credit. */
  #mayPass({ byteLength }: Uint8Array): boolean {
    return (
      this.#sendable > 0 &&
      byteLength <= Math.max(MIN_CHANNEL_PIECE_BYTES, Math.min(CHANNEL_PIECE_BYTES, this.#sendable))
    );
  }

  onSent(handler: () => void): void {
    this.#sent = handler;
  }

  onFrame(handler: ((frame: Frame) => void) | undefined, windowBytes?: number): void {
    this.#inbox.onFrame(handler, windowBytes);
  }

  credit(bytes: number): void {
    this.#inbox.credit(bytes);
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#closing = { code, reason };
    this.#inbox.close();
    this.#release();
    if (code !== 1000) this.#queue.clear();
    if (this.#queue.isEmpty) this.#finish();
    else this.#waitForLast();
  }

  /** Sends one piece. To be called when `isReady`. */
  sendPiece(): void {
    const piece = this.#queue.take(this.#sendable);
    if (piece === undefined) return;
    this.#sendable -= pieceCost(piece);
    this.#host.write(piece.type, piece.payload);
    this.#sent?.();
    if (this.#closing !== undefined && this.#queue.isEmpty) this.#finish();
  }

  /** The peer gave credit. */
  credited(bytes: number): void {
    this.#sendable += bytes;
    if (this.#giveUp !== undefined) this.#waitForLast();
    if (this.isReady) this.#host.ready();
  }

  /** @returns false when the peer had no credit */
  arrive(piece: Piece): boolean {
    if (!this.isOpen) return true;
    if (this.#arrived >= this.#granted) return false;
    this.#arrived += pieceCost(piece);
    if (this.#collector.bytes + piece.payload.byteLength > this.traits.maxFrameBytes) {
      this.close(1009, "the frame is too large");
      return true;
    }
    const complete = this.#collector.add(piece);
    if (complete === undefined) {
      const release = this.#host.reserve(piece.payload.byteLength);
      if (release === undefined) this.close(CLOSE.overloaded, "too much data is waiting");
      else this.#deferredReleases.push(release);
      // A frame larger than the window could never be completed without credit for its pieces.
      this.#grant();
    } else {
      this.#release();
      this.#inbox.arrive(complete.frame);
    }
    return true;
  }

  /** The peer closed the channel, or the carrier has ended. */
  ended(closing: Closing): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#giveUp?.();
    this.#inbox.end();
    this.#queue.clear();
    this.#release();
    this.#host.ended();
    this.#end(this.#closing ?? closing);
  }

  #grant(): void {
    if (!this.isOpen) return;
    const more = this.#inbox.allowedBytes + this.#collector.bytes - this.#granted;
    // Small grants would be a frame for each frame; the peer has credit left meanwhile.
    if (more < this.#inbox.windowBytes / 4) return;
    this.#granted += more;
    this.#host.write(CHANNEL_FRAME.credit, encodeCredit(more));
  }

  #release(): void {
    for (const release of this.#deferredReleases.splice(0)) release();
  }

  #waitForLast(): void {
    this.#giveUp?.();
    this.#giveUp = this.#host.later(() => this.#finish());
  }

  #finish(): void {
    const closing = this.#closing ?? { code: 1000, reason: "" };
    if (!this.#isEnded) this.#host.write(CHANNEL_FRAME.close, encodeClosing(closing));
    this.ended(closing);
  }
}
