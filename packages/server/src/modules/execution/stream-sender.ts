/** The sending half of one stream socket: frames out, and what happens when the listener reads too slowly. */
import type { Clock, Timer } from "#kernel/clock";
import { CLOSE, STREAM, type StreamServerMessage } from "@atelier/contracts";
import type { WebSocket } from "ws";
import type { OutputFrame } from "./output-record.ts";

export type StreamSenderOptions = {
  readonly socket: WebSocket;
  readonly clock: Clock;
  /** True: a slow reader slows the program down. False: it is sent away once too much waits for it. */
  readonly waitedFor: boolean;
  /** More waits than should; called with false when it has been read. */
  readonly slow: (isSlow: boolean) => void;
};

export interface StreamSender {
  output(frame: OutputFrame): void;
  message(message: StreamServerMessage): void;
  /** Closes once everything has been sent. */
  finish(code: number, reason: string): void;
}

const HIGH_BYTES = 1_048_576;
const LOW_BYTES = 262_144;
/** Beyond the replay that every late listener is sent at once. */
const ABANDON_BYTES = 8 * 1_048_576;
const STALL_MS = 10_000;

export const createStreamSender = ({ socket, clock, waitedFor, slow }: StreamSenderOptions): StreamSender => {
  let isSlow = false;
  let progressed = false;
  let stallTimer: Timer | undefined;

  const setSlow = (next: boolean): void => {
    if (next === isSlow) return;
    isSlow = next;
    stallTimer?.cancel();
    if (next) watchForStall();
    slow(next);
  };

  const sendAway = (reason: string): void => {
    setSlow(false);
    // Read again, it learns why; else the socket is destroyed after the closing handshake's own time limit.
    socket.close(CLOSE.overloaded, reason);
  };

  const watchForStall = (): void => {
    progressed = false;
    stallTimer = clock.after(STALL_MS, () => {
      if (progressed) watchForStall();
      else sendAway("too slow");
    });
  };

  const sent = (): void => {
    progressed = true;
    if (socket.bufferedAmount < LOW_BYTES) setSlow(false);
  };

  const send = (data: Uint8Array | string, after?: () => void): void => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(data, () => {
      sent();
      after?.();
    });
    if (socket.bufferedAmount > HIGH_BYTES) setSlow(true);
    if (!waitedFor && socket.bufferedAmount > ABANDON_BYTES) sendAway("too slow");
  };

  socket.once("close", () => setSlow(false));

  return {
    output({ stream, bytes }) {
      const frame = new Uint8Array(bytes.length + 1);
      frame[0] = STREAM[stream];
      frame.set(bytes, 1);
      send(frame);
    },
    message: (message) => send(JSON.stringify(message)),
    finish(code, reason) {
      if (socket.bufferedAmount === 0) return socket.close(code, reason);
      // An empty ping's callback comes after everything before it has been handed to the network.
      socket.ping(undefined, undefined, () => socket.close(code, reason));
    },
  };
};
