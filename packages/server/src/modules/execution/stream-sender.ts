/** The sending half of one stream: sends frames, and handles listeners that read too slowly. */
import type { Clock, Timer } from "#kernel/clock";
import { CLOSE, STREAM, type StreamServerMessage } from "@atelier/contracts";
import type { Channel, Frame } from "#platform/channels";
import type { OutputFrame } from "./output-record.ts";

export type StreamSenderOptions = {
  readonly channel: Channel;
  readonly clock: Clock;
  /** True: a slow reader slows the program down. False: it is closed when too many bytes wait for it. */
  readonly waitedFor: boolean;
  /** Called with true when too many bytes wait, with false when they have been read. */
  readonly slow: (isSlow: boolean) => void;
};

export interface StreamSender {
  output(frame: OutputFrame): void;
  message(message: StreamServerMessage): void;
}

const HIGH_BYTES = 1_048_576;
const LOW_BYTES = 262_144;
/** Beyond the replay that every late listener is sent at once. */
const ABANDON_BYTES = 8 * 1_048_576;
const STALL_MS = 10_000;

export const createStreamSender = ({ channel, clock, waitedFor, slow }: StreamSenderOptions): StreamSender => {
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
    channel.close(CLOSE.overloaded, reason);
  };

  const watchForStall = (): void => {
    progressed = false;
    stallTimer = clock.after(STALL_MS, () => {
      if (progressed) watchForStall();
      else sendAway("too slow");
    });
  };

  channel.onSent(() => {
    progressed = true;
    if (channel.unsentBytes < LOW_BYTES) setSlow(false);
  });

  const send = (frame: Frame): void => {
    if (!channel.isOpen) return;
    channel.send(frame);
    if (channel.unsentBytes > HIGH_BYTES) setSlow(true);
    if (!waitedFor && channel.unsentBytes > ABANDON_BYTES) sendAway("too slow");
  };

  void channel.closed.then(() => setSlow(false));

  return {
    output({ stream, bytes }) {
      const frame = new Uint8Array(bytes.length + 1);
      frame[0] = STREAM[stream];
      frame.set(bytes, 1);
      send(frame);
    },
    message: (message) => send(JSON.stringify(message)),
  };
};
