/**
 * A channel over one plain WebSocket, whose protocol has no credit: the adapter pauses the socket while the peer has none, and TCP's flow
 * control slows the peer down.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { Inbox } from "../inbox.ts";
import type { Channel, Closing, Frame, Reserve } from "../ports.ts";

/** Shared by all sends: frames are small, and compressing them costs more than it saves. */
const UNCOMPRESSED = { compress: false } as const;
/**
 * Binary frames up to this size are copied into one buffer with their header, which costs less than writing two buffers. Up to twice this
 * size may stay in memory for the next receiver.
 */
const MAX_WHOLE_BYTES = 8 * 1024;
const FINAL_BINARY = 0x82;
/** A longer payload has its length in two more bytes. */
const MAX_SHORT_BYTES = 125;
const LENGTH_16 = 126;
const NOTHING = Buffer.alloc(0);

let lastPayload: Uint8Array | undefined;
let lastWhole: Buffer | undefined;

/** The unmasked WebSocket frame (RFC 6455, 5.2) of a payload. A payload that is sent to many receivers in succession is framed once. */
const wholeFrame = (payload: Uint8Array): Buffer => {
  if (payload === lastPayload && lastWhole !== undefined) return lastWhole;
  const { byteLength } = payload;
  const head = byteLength > MAX_SHORT_BYTES ? 4 : 2;
  const whole = Buffer.allocUnsafe(head + byteLength);
  whole[0] = FINAL_BINARY;
  if (head === 2) whole[1] = byteLength;
  else {
    whole[1] = LENGTH_16;
    whole.writeUInt16BE(byteLength, 2);
  }
  whole.set(payload, head);
  lastPayload = payload;
  lastWhole = whole;
  return whole;
};

/** Codes of RFC 6455 that only describe an end and can't be sent. */
const NO_STATUS = 1005;

class WsChannel implements Channel {
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;
  readonly #stream: Duplex | undefined;
  readonly #inbox: Inbox;
  #isClosing = false;
  #isReporting = false;
  #sent: (() => void) | undefined;

  constructor(socket: WebSocket, reserve: Reserve, stream: Duplex | undefined) {
    this.#socket = socket;
    this.#stream = stream;
    this.#inbox = new Inbox({
      reserve,
      overfull: () => this.close(1013, "too many frames are waiting"),
      credited: () => {
        if (socket.isPaused && this.#inbox.hasCredit) socket.resume();
      },
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        this.#inbox.end();
        resolve({ code: code === NO_STATUS ? 1000 : code, reason: reason.toString() });
      });
    });
    socket.on("message", (data: Buffer, isBinary) => {
      // A closed socket may still deliver frames until the peer answers: they are ignored.
      if (!this.isOpen) return;
      this.#inbox.arrive(isBinary ? data : data.toString());
      if (!this.#inbox.hasCredit && this.isOpen) socket.pause();
    });
  }

  get isOpen(): boolean {
    return !this.#isClosing && this.#socket.readyState === this.#socket.OPEN;
  }

  get unsentBytes(): number {
    return this.#stream?.writableLength ?? this.#socket.bufferedAmount;
  }

  send(frame: Frame): void {
    if (!this.isOpen) return;
    const stream = this.#stream;
    if (stream === undefined || typeof frame === "string" || frame.byteLength > MAX_WHOLE_BYTES)
      this.#socket.send(frame, UNCOMPRESSED, this.#sent);
    // `ws` writes an uncompressed frame to the stream at once, so the order is kept.
    else if (stream.writable) {
      // The network takes most frames at once. A callback for each would cost about as much as the rest of this method.
      stream.write(wholeFrame(frame));
      if (stream.writableLength > 0) this.#reportSent(stream);
    }
  }

  /** Reports when all that waits now has left, again and again while anything waits: an empty write ends after those before it. */
  #reportSent(stream: Duplex): void {
    if (this.#isReporting || this.#sent === undefined) return;
    this.#isReporting = true;
    stream.write(NOTHING, () => {
      this.#isReporting = false;
      this.#sent?.();
      if (stream.writable && stream.writableLength > 0) this.#reportSent(stream);
    });
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
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.close();
    const socket = this.#socket;
    // `ws` terminates a closed socket after 30 s, which is too early for a slow reader of earlier frames. The callback of an empty ping is
    // called when all bytes before it were passed to the network.
    if (code === 1000 && socket.bufferedAmount > 0 && socket.readyState === socket.OPEN)
      socket.ping(undefined, undefined, () => socket.close(code, reason));
    else socket.close(code, reason);
    // The peer's close frame must be read.
    if (socket.isPaused) socket.resume();
  }
}

/**
 * @param reserve counts received frames without credit; when it refuses, the socket is closed with 1013
 * @param stream connection of a server's socket without compression: small frames are written to it directly. Absent: all frames are sent
 *   by `ws`, which masks those of a client
 */
export const createWsChannel = (socket: WebSocket, reserve: Reserve, stream?: Duplex): Channel =>
  new WsChannel(socket, reserve, stream);
