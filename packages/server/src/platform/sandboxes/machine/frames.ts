/** The wire format of sandbox-init: type (1 byte), payload length (4 bytes, little endian), payload. */

/** A received frame; its content is from inside a sandbox. */
export type Frame = { readonly type: number; readonly payload: Buffer };

/** The frames that are sent and received while a sandbox boots; the payloads are described in packages/sandbox-init/init.h. */
export const bootFrames = {
  /** To init: this sandbox is a copy. */
  rehearse: 0x08,
  /** To init: this sandbox will be copied. */
  prepare: 0x09,
  ready: 0x41,
  failed: 0x47,
} as const;

const headerBytes = 5;

/** The largest payload accepted from a sandbox and the largest data payload sent to one, in bytes. */
export const maximumPayloadBytes = 65_536;

/** The sandbox sent a frame that init never sends. */
export class FrameFault extends Error {
  override readonly name = "FrameFault";
}

/** One frame as bytes; payload parts are joined. */
export const encodeFrame = (type: number, ...parts: readonly Uint8Array[]): Buffer => {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(type, 0);
  header.writeUInt32LE(length, 1);
  return Buffer.concat([header, ...parts], headerBytes + length);
};

/** Cuts bytes into frames of `type` that respect the payload limit. */
export const encodeData = (type: number, bytes: Uint8Array): Buffer[] => {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.byteLength; at += maximumPayloadBytes) {
    frames.push(encodeFrame(type, bytes.subarray(at, at + maximumPayloadBytes)));
  }
  return frames;
};

/** The sentence of a FAILED frame, for an operator. */
export const failureOf = ({ payload }: Frame): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is being removed
  payload.toString("utf8", 0, 512).replace(/[\u0000-\u001f]/g, " ");

/** A decoder that keeps at most one incomplete frame. `push` throws FrameFault on anything malformed. */
export const createFrameDecoder = (): { push(chunk: Buffer): Frame[] } => {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let needed = headerBytes;
  return {
    push(chunk) {
      kept.push(chunk);
      keptBytes += chunk.byteLength;
      if (keptBytes < needed) return [];
      let bytes = kept.length === 1 ? chunk : Buffer.concat(kept, keptBytes);
      const frames: Frame[] = [];
      for (;;) {
        needed = headerBytes;
        if (bytes.byteLength < needed) break;
        const length = bytes.readUInt32LE(1);
        if (length > maximumPayloadBytes) throw new FrameFault(`frame of ${length} bytes`);
        needed += length;
        if (bytes.byteLength < needed) break;
        frames.push({ type: bytes.readUInt8(0), payload: bytes.subarray(headerBytes, needed) });
        bytes = bytes.subarray(needed);
      }
      kept = bytes.byteLength > 0 ? [bytes] : [];
      keptBytes = bytes.byteLength;
      return frames;
    },
  };
};
