/** The channel port: frames in both directions between two parties, with flow control by credit. ADR 18 gives the reasons. */

/** A binary or a text frame. Binary frames may be views of a larger buffer: copy what is kept. */
export type Frame = Uint8Array | string;

/** What a frame takes of the credit beside its bytes, so that many tiny frames use it up too. */
export const FRAME_COST_BYTES = 64;

/** Credit of either side when a channel opens. It bounds what waits before it is known who sends. */
export const START_CREDIT_BYTES = 16 * 1024;

/** Bytes of a frame; text counts as UTF-8. */
export const frameBytes = (frame: Frame): number =>
  typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength;

/** What a frame takes of the credit, in bytes. */
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
  /** Sets the one handler that is called whenever `unsentBytes` went down. */
  onSent(handler: () => void): void;
  /**
   * Sets the one handler for frames; those that waited are passed first. undefined: frames wait in the channel again.
   * @param windowBytes cost of the frames that may be without credit at the same time; it never gets smaller
   */
  onFrame(handler: ((frame: Frame) => void) | undefined, windowBytes?: number): void;
  /** The frames received first, with this cost in all, are dealt with: the peer may send as much again. */
  credit(bytes: number): void;
  /**
   * Closes the channel. No frame is received from now on. With code 1000 the peer gets every frame that was sent before; with any other,
   * frames that wait may be dropped. Only the first call counts.
   */
  close(code: number, reason: string): void;
  /** False as soon as either side has closed. */
  readonly isOpen: boolean;
  /** Resolves when nothing is sent or received any more. Never rejects. */
  readonly closed: Promise<Closing>;
}

/**
 * Reserves memory for a frame that waits.
 * @returns a function that releases it; undefined when too much waits already
 */
export type Reserve = (bytes: number) => (() => void) | undefined;
