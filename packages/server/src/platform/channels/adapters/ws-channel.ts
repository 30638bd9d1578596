/**
 * A channel over one plain WebSocket. Its protocol carries no credit: the adapter stops reading while the peer has none left, and the peer
 * sends no faster than its own network takes the bytes.
 */
import type { WebSocket } from "ws";
import { Inbox } from "../inbox.ts";
import type { Channel, Closing, Frame, Reserve } from "../ports.ts";

/** Shared by all sends: frames are small, and compressing them costs more than it saves. */
const UNCOMPRESSED = { compress: false } as const;
/** Codes of RFC 6455 that only describe an end and can't be sent. */
const NO_STATUS = 1005;

class WsChannel implements Channel {
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;
  readonly #inbox: Inbox;
  #isClosing = false;
  #sent: (() => void) | undefined;

  constructor(socket: WebSocket, reserve: Reserve) {
    this.#socket = socket;
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
    return this.#socket.bufferedAmount;
  }

  send(frame: Frame): void {
    if (this.isOpen) this.#socket.send(frame, UNCOMPRESSED, this.#sent);
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
    // `ws` cuts a closed socket off after 30 s, which is too early for a slow reader that still gets what was sent before. The callback of
    // an empty ping comes after everything before it was handed to the network.
    if (code === 1000 && socket.bufferedAmount > 0 && socket.readyState === socket.OPEN)
      socket.ping(undefined, undefined, () => socket.close(code, reason));
    else socket.close(code, reason);
    // The peer's close frame must be read.
    if (socket.isPaused) socket.resume();
  }
}

/** @param reserve counts the frames that are not dealt with; when it refuses, the socket is closed with 1013 */
export const createWsChannel = (socket: WebSocket, reserve: Reserve): Channel => new WsChannel(socket, reserve);
