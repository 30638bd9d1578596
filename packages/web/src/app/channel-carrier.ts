/** The page's side of numbered channels over one open socket: frames in pieces, credit in both directions, and priorities. */
import {
  CHANNEL_FRAME,
  CHANNEL_PIECE_BYTES,
  type ChannelFrameType,
  type ChannelOpening,
  CONNECTION_CHANNEL,
  decodeChannelFrame,
  decodeClosing,
  decodeCredit,
  encodeChannelFrame,
  encodeClosing,
  encodeCredit,
  MIN_CHANNEL_PIECE_BYTES,
} from "@atelier/contracts";

/** Binary frames may be views of a larger buffer. */
export type PageFrame = Uint8Array | string;

export interface CarriedEvents {
  onFrame: (frame: PageFrame) => void;
  /** The server closed the channel. */
  onClose: (code: number) => void;
}

export interface CarriedChannel {
  /** Sends the frame as far as the channel has credit, and queues the rest. */
  send(frame: PageFrame): void;
  /** Closes the channel. No event follows. */
  close(): void;
}

export interface ChannelCarrier {
  open(opening: ChannelOpening, events: CarriedEvents): CarriedChannel;
  /** @returns false for a frame that violates the protocol */
  receive(bytes: Uint8Array): boolean;
  /** Sends a ping; the server's pong counts as a received frame. */
  ping(): void;
}

export interface CarrierOptions {
  /** Sends bytes on the socket. */
  readonly write: (bytes: Uint8Array) => void;
  /** Bytes that wait in the socket. */
  readonly unsentBytes: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/** Credit of both sides when a channel opens, in bytes. */
const START_CREDIT_BYTES = 16 * 1024;
/** Credit that a whole frame uses beside its bytes. */
const FRAME_COST_BYTES = 64;
/** Limit on bytes in the browser's send queue, which has no priorities. */
const SOCKET_BYTES = 32 * 1024;
/** The browser has no event for sent bytes, so its queue is polled. */
const LOOK_AGAIN_MS = 10;

/** Largest window, in bytes. */
const LONGEST_WINDOW_BYTES = 1024 * 1024;

/**
 * Lower priorities are sent first. The window limits the bytes that the server sends ahead: large for a document, which is opened
 * by one large frame; small for a program's output, which would delay all other channels on a slow connection. It grows when the
 * connection transfers more than a window in a round trip.
 */
const KINDS: Readonly<Record<ChannelOpening["kind"], { readonly priority: number; readonly windowBytes: number }>> = {
  document: { priority: 0, windowBytes: 1024 * 1024 },
  events: { priority: 1, windowBytes: 256 * 1024 },
  run: { priority: 2, windowBytes: 16 * 1024 },
};

type Waiting = { readonly type: ChannelFrameType; readonly bytes: Uint8Array };
type Channel = CarriedEvents & {
  readonly number: number;
  readonly priority: number;
  windowBytes: number;
  readonly waiting: Waiting[];
  /** Bytes of the first waiting frame that were sent. */
  left: number;
  /** Credit that is left for sending; below zero after a piece that exceeded it. */
  sendable: number;
  /** Cost of the frames received since the last credit was sent. */
  taken: number;
  /** Cost of the frames received in the current window, which began at `windowAtMs`. */
  inWindow: number;
  windowAtMs: number;
  readonly pieces: Uint8Array[];
};

const PING = encodeChannelFrame({
  channel: CONNECTION_CHANNEL,
  type: CHANNEL_FRAME.ping,
  payload: new Uint8Array(),
});

const joined = (pieces: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
};

export const createChannelCarrier = ({ write, unsentBytes, now, after }: CarrierOptions): ChannelCarrier => {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  /** In the order in which channels of equal priority take turns. */
  const channels = new Map<number, Channel>();
  let lastNumber = 0;
  let isLookingAgain = false;
  let pingedAtMs: number | undefined;
  /** Shortest round trip measured. */
  let roundTripMs = Infinity;

  const ping = (): void => {
    pingedAtMs = now();
    write(PING);
  };
  const writeFrame = ({ number }: Channel, type: ChannelFrameType, payload: Uint8Array): void =>
    write(encodeChannelFrame({ channel: number, type, payload }));

  const next = (): Channel | undefined => {
    let first: Channel | undefined;
    for (const channel of channels.values()) {
      const isReady = channel.waiting.length > 0 && channel.sendable > 0;
      if (isReady && (first === undefined || channel.priority < first.priority)) first = channel;
    }
    return first;
  };

  const sendPiece = (channel: Channel): void => {
    const [first] = channel.waiting;
    if (first === undefined) return;
    const rest = first.bytes.subarray(channel.left);
    // Bytes beyond the credit would be in transit too, and delay the channels after them.
    const mostBytes = Math.min(CHANNEL_PIECE_BYTES, Math.max(MIN_CHANNEL_PIECE_BYTES, channel.sendable));
    const isLast = rest.byteLength <= mostBytes;
    const payload = isLast ? rest : rest.subarray(0, mostBytes);
    channel.sendable -= payload.byteLength + (isLast ? FRAME_COST_BYTES : 0);
    channel.left = isLast ? 0 : channel.left + payload.byteLength;
    if (isLast) channel.waiting.shift();
    writeFrame(channel, isLast ? first.type : CHANNEL_FRAME.more, payload);
  };

  const pump = (): void => {
    for (let channel = next(); channel !== undefined; channel = next()) {
      if (unsentBytes() >= SOCKET_BYTES) {
        if (!isLookingAgain) after(LOOK_AGAIN_MS, lookAgain);
        isLookingAgain = true;
        return;
      }
      sendPiece(channel);
      if (channels.delete(channel.number)) channels.set(channel.number, channel);
    }
  };
  const lookAgain = (): void => {
    isLookingAgain = false;
    pump();
  };

  /**
   * A whole window in about one round trip means that the server waits for credit, not for the connection. A much shorter
   * time means that the page was busy and now reads queued frames.
   */
  const growWindow = (channel: Channel, bytes: number): void => {
    channel.inWindow += bytes;
    if (channel.inWindow < channel.windowBytes) return;
    const tookMs = now() - channel.windowAtMs;
    channel.inWindow = 0;
    channel.windowAtMs = now();
    if (tookMs < roundTripMs / 2 || tookMs > roundTripMs * 1.25 || channel.windowBytes >= LONGEST_WINDOW_BYTES) return;
    channel.taken += channel.windowBytes;
    channel.windowBytes *= 2;
  };

  const grant = (channel: Channel, bytes: number): void => {
    channel.taken += bytes;
    growWindow(channel, bytes);
    // One credit frame for several frames, not one for each.
    if (channel.taken < channel.windowBytes / 4) return;
    writeFrame(channel, CHANNEL_FRAME.credit, encodeCredit(channel.taken));
    channel.taken = 0;
  };

  const takePiece = (channel: Channel, type: ChannelFrameType, payload: Uint8Array): void => {
    const isLast = type !== CHANNEL_FRAME.more;
    grant(channel, payload.byteLength + (isLast ? FRAME_COST_BYTES : 0));
    if (!isLast) return void channel.pieces.push(payload);
    const whole = channel.pieces.length === 0 ? payload : joined([...channel.pieces.splice(0), payload]);
    channel.onFrame(type === CHANNEL_FRAME.text ? decoder.decode(whole) : whole);
  };

  ping();
  return {
    ping,
    open(opening, events) {
      lastNumber += 1;
      const { priority, windowBytes } = KINDS[opening.kind];
      const channel: Channel = {
        ...events,
        number: lastNumber,
        priority,
        windowBytes,
        waiting: [],
        left: 0,
        sendable: START_CREDIT_BYTES,
        taken: 0,
        inWindow: 0,
        windowAtMs: now(),
        pieces: [],
      };
      channels.set(lastNumber, channel);
      writeFrame(channel, CHANNEL_FRAME.open, encoder.encode(JSON.stringify(opening)));
      if (windowBytes > START_CREDIT_BYTES)
        writeFrame(channel, CHANNEL_FRAME.credit, encodeCredit(windowBytes - START_CREDIT_BYTES));
      return {
        send(frame) {
          if (!channels.has(channel.number)) return;
          const isText = typeof frame === "string";
          channel.waiting.push({
            type: isText ? CHANNEL_FRAME.text : CHANNEL_FRAME.data,
            bytes: isText ? encoder.encode(frame) : frame,
          });
          pump();
        },
        close() {
          if (channels.delete(channel.number))
            writeFrame(channel, CHANNEL_FRAME.close, encodeClosing({ code: 1000, reason: "" }));
        },
      };
    },
    receive(bytes) {
      const frame = decodeChannelFrame(bytes);
      if (frame === undefined) return false;
      const { channel: number, type, payload } = frame;
      if (type === CHANNEL_FRAME.pong && pingedAtMs !== undefined) {
        roundTripMs = Math.min(roundTripMs, now() - pingedAtMs);
        pingedAtMs = undefined;
      }
      const channel = channels.get(number);
      // A closed channel may still get what the server sent before it knew.
      if (channel === undefined) return number <= lastNumber;
      if (type === CHANNEL_FRAME.credit) {
        channel.sendable += decodeCredit(payload) ?? 0;
        pump();
      } else if (type === CHANNEL_FRAME.close) {
        channels.delete(number);
        channel.onClose(decodeClosing(payload)?.code ?? 1000);
      } else takePiece(channel, type, payload);
      return true;
    },
  };
};
