/** Many numbered channels over one carrier, each with its own credit and a priority; no channel blocks another. */
import {
  CHANNEL_FRAME,
  type ChannelFrame,
  CLOSE,
  CONNECTION_CHANNEL,
  decodeChannelFrame,
  decodeClosing,
  decodeCredit,
  encodeChannelFrame,
  encodeClosing,
  MIN_CHANNEL_PIECE_BYTES,
} from "@atelier/contracts";
import type { Clock } from "#kernel/clock";
import { type ChannelHost, type ChannelTraits, LAST_FRAMES_MS, MultiplexedChannel } from "./multiplexed-channel.ts";
import { type Channel, type Closing, type Frame, frameCost, type Reserve } from "./ports.ts";

/** Limit of the bytes that are queued in the carrier, where a frame of higher priority can't overtake them. */
const CARRIER_BYTES = 32 * 1024;
const MAX_CHANNELS = 256;
const PRIORITIES = [0, 1, 2] as const;

/** Frames up to this size are encoded once for several carriers in succession, and then also framed once by the WebSocket adapter. */
const MAX_SHARED_BYTES = 8 * 1024;
let lastDecoded: ChannelFrame | undefined;
let lastEncoded: Uint8Array = new Uint8Array();

const encodeShared = (frame: ChannelFrame): Uint8Array => {
  if (frame.payload.byteLength > MAX_SHARED_BYTES) return encodeChannelFrame(frame);
  const { channel, type, payload } = frame;
  if (lastDecoded?.payload !== payload || lastDecoded.channel !== channel || lastDecoded.type !== type) {
    lastDecoded = frame;
    lastEncoded = encodeChannelFrame(frame);
  }
  return lastEncoded;
};

const PONG = encodeChannelFrame({
  channel: CONNECTION_CHANNEL,
  type: CHANNEL_FRAME.pong,
  payload: new Uint8Array(),
});

/** Decides about a channel that the peer opens. */
export type Acceptance =
  | { readonly traits: ChannelTraits; readonly serve: (channel: Channel) => void }
  | { readonly refuse: Closing };

export type MultiplexerOptions = {
  /** Each frame on it gets credit at once, because the credit of the channels limits the memory. */
  readonly carrier: Channel;
  readonly clock: Clock;
  readonly reserve: Reserve;
  /** Absent: the peer may not open channels. */
  readonly accept?: (opening: string) => Acceptance;
  /** Channels that may be open at once; 256. */
  readonly maxChannels?: number;
  /**
   * Above so many unsent bytes a frame of the peer ends the carrier with 1013. Refusals and closes need no credit, so a peer that reads
   * nothing could queue any number of them. Well above what data may fill; absent: no limit.
   */
  readonly maxUnsentBytes?: number;
};

export type Multiplexer = {
  /** Opens a channel; only the side whose peer has `accept` may. */
  open(opening: string, traits: ChannelTraits): Channel;
  /** Number of open channels. */
  readonly size: number;
};

export const createMultiplexer = ({
  carrier,
  clock,
  reserve,
  accept,
  maxChannels = MAX_CHANNELS,
  maxUnsentBytes = Number.POSITIVE_INFINITY,
}: MultiplexerOptions): Multiplexer => {
  const channels = new Map<number, MultiplexedChannel>();
  const ready: Record<ChannelTraits["priority"], Set<MultiplexedChannel>> = {
    0: new Set(),
    1: new Set(),
    2: new Set(),
  };
  let lastNumber = 0;
  let isPumping = false;
  /** Of all three sets: looking at them for each frame would cost more than sending it. */
  let readyCount = 0;
  const setReady = (channel: MultiplexedChannel): void => {
    const queue = ready[channel.traits.priority];
    readyCount -= queue.size;
    readyCount += queue.add(channel).size;
  };
  const unsetReady = (channel: MultiplexedChannel): void => {
    if (ready[channel.traits.priority].delete(channel)) readyCount -= 1;
  };

  const next = (): MultiplexedChannel | undefined => {
    if (readyCount === 0) return undefined;
    for (const priority of PRIORITIES) {
      const [first] = ready[priority];
      if (first !== undefined) return first;
    }
    return undefined;
  };
  /** Sends piece by piece, the channels of one priority in turn. */
  const pump = (): void => {
    if (isPumping) return;
    isPumping = true;
    while (carrier.isOpen && carrier.unsentBytes < CARRIER_BYTES) {
      const channel = next();
      if (channel === undefined) break;
      unsetReady(channel);
      if (!channel.isReady) continue;
      channel.sendPiece();
      if (channel.isReady) setReady(channel);
    }
    isPumping = false;
  };

  const add = (number: number, traits: ChannelTraits): MultiplexedChannel => {
    const host: ChannelHost = {
      reserve,
      write: (type, payload) => carrier.send(encodeShared({ channel: number, type, payload })),
      get isIdle() {
        return readyCount === 0 && !isPumping && carrier.isOpen && carrier.unsentBytes < CARRIER_BYTES;
      },
      ready: () => {
        setReady(channel);
        pump();
      },
      ended: () => {
        channels.delete(number);
        unsetReady(channel);
      },
      later: (run) => {
        const timer = clock.after(LAST_FRAMES_MS, run);
        return () => timer.cancel();
      },
    };
    const channel = new MultiplexedChannel(traits, host);
    channels.set(number, channel);
    return channel;
  };

  const refuse = (number: number, closing: Closing): void =>
    carrier.send(encodeChannelFrame({ channel: number, type: CHANNEL_FRAME.close, payload: encodeClosing(closing) }));

  /** @returns false when the frame breaks the protocol */
  const openFor = (number: number, opening: string): boolean => {
    if (accept === undefined || number <= lastNumber) return false;
    lastNumber = number;
    const acceptance: Acceptance =
      channels.size >= maxChannels ? { refuse: { code: CLOSE.tooFast, reason: "too many channels" } } : accept(opening);
    if ("refuse" in acceptance) refuse(number, acceptance.refuse);
    else acceptance.serve(add(number, acceptance.traits));
    return true;
  };

  /** @returns false when the frame breaks the protocol */
  const receive = (frame: Frame): boolean => {
    const decoded = typeof frame === "string" ? undefined : decodeChannelFrame(frame);
    if (decoded === undefined) return false;
    const { channel: number, type, payload } = decoded;
    if (type === CHANNEL_FRAME.ping) {
      // A peer that reads nothing gets no response: queued responses would use memory that is not counted.
      if (carrier.unsentBytes < CARRIER_BYTES) carrier.send(PONG);
      return true;
    }
    if (type === CHANNEL_FRAME.pong) return true;
    if (type === CHANNEL_FRAME.open) return openFor(number, Buffer.from(payload).toString());
    const channel = channels.get(number);
    // The peer may have sent frames before it got the close of the channel: ignore them.
    if (channel === undefined) return number <= lastNumber;
    switch (type) {
      case CHANNEL_FRAME.credit: {
        const bytes = decodeCredit(payload);
        if (bytes !== undefined) channel.credited(bytes);
        return bytes !== undefined;
      }
      case CHANNEL_FRAME.close: {
        const closing = decodeClosing(payload);
        if (closing !== undefined) channel.ended(closing);
        return closing !== undefined;
      }
      case CHANNEL_FRAME.more:
        return payload.byteLength >= MIN_CHANNEL_PIECE_BYTES && channel.arrive({ type, payload });
      default:
        return channel.arrive({ type, payload });
    }
  };

  carrier.onSent(pump);
  void carrier.closed.then((closing) => {
    for (const channel of channels.values()) channel.ended(closing);
  });
  carrier.onFrame((frame) => {
    if (!receive(frame)) return carrier.close(CLOSE.badMessage, "not a frame of this protocol");
    if (carrier.unsentBytes > maxUnsentBytes) return carrier.close(CLOSE.overloaded, "the responses are not read");
    carrier.credit(frameCost(frame));
  });

  return {
    open(opening, traits) {
      lastNumber += 1;
      const number = lastNumber;
      // Added before the opening is sent, because the response may arrive during `send`.
      const channel = add(number, traits);
      carrier.send(encodeChannelFrame({ channel: number, type: CHANNEL_FRAME.open, payload: Buffer.from(opening) }));
      return channel;
    },
    get size() {
      return channels.size;
    },
  };
};
