/** Tests the decoding of frames, also of malformed ones from a hostile sandbox. */
import { encodeFrame, FrameFault } from "#platform/sandboxes";
import { expect, test } from "vitest";
import { createFrameDecoder } from "../../../platform/sandboxes/machine/frames.ts";
import { decodeRunFrame, type SandboxFrame } from "./run-frames.ts";

const decode = (bytes: Buffer): SandboxFrame[] => createFrameDecoder().push(bytes).map(decodeRunFrame);

test("what a program writes and how it ends is told by kind", () => {
  const stream = Buffer.concat([
    encodeFrame(0x48),
    encodeFrame(0x42, Buffer.from("out")),
    encodeFrame(0x45, Buffer.from([5, 0, 0, 0])),
    encodeFrame(0x46, Buffer.alloc(18)),
  ]);
  expect(decode(stream).map(({ kind }) => kind)).toEqual(["started", "output", "stdin-taken", "exit"]);
});

test.each([
  ["an unknown type", encodeFrame(0x7f)],
  ["what only a sandbox that boots says", encodeFrame(0x41, Buffer.from([1]))],
  ["a short exit", encodeFrame(0x46, Buffer.alloc(3))],
])("%s is a fault", (_, bytes) => {
  expect(() => decode(bytes)).toThrow(FrameFault);
});
