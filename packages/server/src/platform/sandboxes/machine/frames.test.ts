/** The wire format, with bytes of a hostile sandbox. */
import { expect, test } from "vitest";
import { createFrameDecoder, encodeData, encodeFrame, failureOf, FrameFault, maximumPayloadBytes } from "./frames.ts";

const output = (bytes: number): Buffer => encodeFrame(0x42, Buffer.alloc(bytes, "x"));

test("frames are found in chunks of any size", () => {
  const stream = Buffer.concat([
    encodeFrame(0x41, Buffer.from([1])),
    output(3),
    encodeFrame(0x45, Buffer.from([5, 0, 0, 0])),
    output(0),
  ]);
  for (let size = 1; size <= stream.byteLength; size += 1) {
    const decoder = createFrameDecoder();
    const frames = [];
    for (let at = 0; at < stream.byteLength; at += size) frames.push(...decoder.push(stream.subarray(at, at + size)));
    expect(frames.map(({ type, payload }) => [type, payload.byteLength])).toEqual([
      [0x41, 1],
      [0x42, 3],
      [0x45, 4],
      [0x42, 0],
    ]);
  }
});

test.each([
  ["a length above the limit", Buffer.from([0x42, 1, 0, 1, 0])],
  ["a length near 4 GiB", Buffer.from([0x42, 0xff, 0xff, 0xff, 0xff])],
])("%s throws FrameFault", (_, bytes) => {
  expect(() => createFrameDecoder().push(bytes)).toThrow(FrameFault);
});

test("a reason has no control characters and a bounded length", () => {
  const [frame] = createFrameDecoder().push(encodeFrame(0x47, Buffer.from(`a\u001b[31m\n${"b".repeat(5000)}`)));
  const reason = frame === undefined ? "" : failureOf(frame);
  expect(reason.length).toBeLessThanOrEqual(512);
  expect(reason.startsWith("a [31m b")).toBe(true);
});

test("data is split at the payload limit, and empty data gives no frame", () => {
  const frames = encodeData(0x02, Buffer.alloc(maximumPayloadBytes + 1));
  expect(frames.map((frame) => frame.byteLength)).toEqual([maximumPayloadBytes + 5, 6]);
  expect(encodeData(0x02, Buffer.alloc(0))).toEqual([]);
});
