/** The channel port: frames in both directions between two parties, with flow control by credit. Decision 18 has the reasons. */

/** A binary or a text frame. Binary frames may be views of a larger buffer: copy what is kept. */
export type Frame = Uint8Array | string;

/** The credit that a frame costs beside its bytes, so that many tiny frames use it up too. */
export const FRAME_COST_BYTES = 64;

/** The credit of each side when a channel opens. It limits the frames that wait for the authentication of their sender. */
export const START_CREDIT_BYTES = 16 * 1024;

/** Bytes of a frame; text counts as UTF-8. */
export const frameBytes = (frame: Frame): number =>
  typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength;

/** The credit that a frame costs, in bytes. */
export const frameCost = (frame: Frame): number => frameBytes(frame) + FRAME_COST_BYTES;

/** How a channel ended: a close code of docs/architecture.md, or 1006 when the connection broke. */
export type Closing = { readonly code: number; readonly reason: string };

export interface Channel {
  /**
   * Sends a frame, or queues it while the peer has given no credit. Its bytes must not change afterwards. Ignored once the channel is
   * closed.
   */
  send(frame: Frame): void;
  /** Bytes of sent frames that wait for credit or for the network. */
  readonly unsentBytes: number;
  /** Sets the only handler that is called when `unsentBytes` has decreased. */
  onSent(handler: () => void): void;
  /**
   * Sets the only handler for frames; waiting ones are delivered first. undefined: frames wait in the channel again.
   * @param windowBytes cost of the frames that may be without credit at the same time; it never shrinks
   */
  onFrame(handler: ((frame: Frame) => void) | undefined, windowBytes?: number): void;
  /** Gives credit for the oldest received frames, of this total cost, when they have been processed: the peer may send as much again. */
  credit(bytes: number): void;
  /**
   * Closes the channel. No frame is received from now on. With code 1000 the peer gets all frames that were sent before; with any other,
   * queued frames may be dropped. Only the first call counts.
   */
  close(code: number, reason: string): void;
  /** False as soon as either side has closed. */
  readonly isOpen: boolean;
  /** Resolves when no more frames are sent or received. Never rejects. */
  readonly closed: Promise<Closing>;
}

/**
 * Reserves memory for a waiting frame.
 * @returns a function that releases it; undefined when the budget is used up
 */
export type Reserve = (bytes: number) => (() => void) | undefined;
