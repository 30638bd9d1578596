/** The queued frames of one channel, which are split into pieces when they are sent. */
import { CHANNEL_FRAME, CHANNEL_PIECE_BYTES, type ChannelFrameType, MIN_CHANNEL_PIECE_BYTES } from "@atelier/contracts";
import { type Frame, FRAME_COST_BYTES } from "./ports.ts";

/** The credit that a piece costs. */
export const pieceCost = ({ type, payload }: Piece): number =>
  payload.byteLength + (type === CHANNEL_FRAME.more ? 0 : FRAME_COST_BYTES);

export type Piece = { readonly type: ChannelFrameType; readonly payload: Uint8Array };

type Waiting = { readonly type: ChannelFrameType; readonly bytes: Uint8Array };

export class PieceQueue {
  readonly #waiting: Waiting[] = [];
  /** Sent bytes of the first frame. */
  #left = 0;
  unsentBytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(frame: Frame): void {
    const isText = typeof frame === "string";
    const bytes = isText ? Buffer.from(frame) : frame;
    this.#waiting.push({ type: isText ? CHANNEL_FRAME.text : CHANNEL_FRAME.data, bytes });
    this.unsentBytes += bytes.byteLength;
  }

  /**
   * The next piece; undefined when the queue is empty.
   * @param creditBytes above 0; a piece exceeds it by less than MIN_CHANNEL_PIECE_BYTES
   */
  take(creditBytes: number): Piece | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const rest = first.bytes.subarray(this.#left);
    const mostBytes = Math.min(CHANNEL_PIECE_BYTES, Math.max(MIN_CHANNEL_PIECE_BYTES, creditBytes));
    const isLast = rest.byteLength <= mostBytes;
    const payload = isLast ? rest : rest.subarray(0, mostBytes);
    this.unsentBytes -= payload.byteLength;
    this.#left = isLast ? 0 : this.#left + payload.byteLength;
    if (isLast) this.#waiting.shift();
    return { type: isLast ? first.type : CHANNEL_FRAME.more, payload };
  }

  clear(): void {
    this.#waiting.length = 0;
    this.#left = 0;
    this.unsentBytes = 0;
  }
}

/** Pieces of a frame that is not complete. */
export class PieceCollector {
  readonly #pieces: Uint8Array[] = [];
  bytes = 0;

  /**
   * @returns the frame when the piece completes it, else undefined
   */
  add({ type, payload }: Piece): { readonly frame: Frame } | undefined {
    this.bytes += payload.byteLength;
    if (type === CHANNEL_FRAME.more) {
      this.#pieces.push(payload);
      return undefined;
    }
    const whole = this.#pieces.length === 0 ? payload : Buffer.concat([...this.#pieces.splice(0), payload]);
    this.bytes = 0;
    return { frame: type === CHANNEL_FRAME.text ? Buffer.from(whole).toString() : whole };
  }
}
