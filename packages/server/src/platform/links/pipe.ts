/** Forwards all frames and the close of one channel to another, in both directions, at the receiver's speed. */
import { CLOSE } from "@atelier/contracts";
import { type Channel, type Closing, frameBytes, frameCost } from "#platform/channels";

/** Limit of the frames that wait between the two channels, for each direction. */
const WINDOW_BYTES = 256 * 1024;
/** The connection broke: a code that can't be sent. */
const BROKEN = 1006;

const passFrames = (from: Channel, to: Channel): void => {
  const waiting: { readonly cost: number; readonly upTo: number }[] = [];
  let passedBytes = 0;
  const creditSent = (): void => {
    const sentBytes = passedBytes - to.unsentBytes;
    for (let first = waiting[0]; first !== undefined && first.upTo <= sentBytes; [first] = waiting) {
      waiting.shift();
      from.credit(first.cost);
    }
  };
  to.onSent(creditSent);
  from.onFrame((frame) => {
    passedBytes += frameBytes(frame);
    waiting.push({ cost: frameCost(frame), upTo: passedBytes });
    to.send(frame);
    creditSent();
  }, WINDOW_BYTES);
};

/** A broken connection on one side closes the other side with 1012. */
const passEnd = (of: Channel, to: Channel): Promise<void> =>
  of.closed.then(({ code, reason }: Closing) =>
    code === BROKEN ? to.close(CLOSE.moving, "the connection between servers broke") : to.close(code, reason),
  );

export const pipe = (one: Channel, other: Channel): void => {
  passFrames(one, other);
  passFrames(other, one);
  void passEnd(one, other);
  void passEnd(other, one);
};
