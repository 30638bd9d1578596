import { describe, expect, it } from "vitest";
import { createByteBuffer } from "./byte-buffer.ts";
import { createOutputRecord } from "./output-record.ts";

const textOf = (frames: readonly { stream: string; bytes: Uint8Array }[]): string =>
  frames.map(({ stream, bytes }) => `${stream}:${Buffer.from(bytes).toString()}`).join("|");

describe("the output of a run", () => {
  it("[X14] the beginning is captured, more only sets truncated", () => {
    const record = createOutputRecord({ captureBytes: 5, replayBytes: 100 });
    record.add("stdout", Buffer.from("abc"));
    expect(record.truncated).toBe(false);
    record.add("stdout", Buffer.from("def"));
    record.add("stderr", Buffer.from("xyz"));
    expect(record.text("stdout", { final: true })).toBe("abcde");
    expect(record.text("stderr", { final: true })).toBe("xyz");
    expect(record.truncated).toBe(true);
    expect(record.totalBytes).toBe(9);
  });

  it("[X86] the end of all streams together is read as text", () => {
    const record = createOutputRecord({ captureBytes: 5, replayBytes: 8 });
    record.add("stdout", Buffer.from("one "));
    record.add("stderr", Buffer.from("two "));
    record.add("stdout", Buffer.from("six"));
    expect(record.last(100)).toBe("one  six");
    expect(record.last(5)).toBe("  six");
    expect(record.last(0)).toBe("");
  });

  it("[X14] a character that the bound cuts is left out; one that the program never finished is replaced", () => {
    const cut = createOutputRecord({ captureBytes: 4, replayBytes: 100 });
    cut.add("stdout", Buffer.from("ab€"));
    expect(cut.text("stdout", { final: true })).toBe("ab");
    const unfinished = createOutputRecord({ captureBytes: 100, replayBytes: 100 });
    unfinished.add("stdout", Buffer.from("ab€").subarray(0, 4));
    expect(unfinished.text("stdout", { final: false })).toBe("ab");
    expect(unfinished.text("stdout", { final: true })).toBe("ab\ufffd");
  });

  it("a byte order mark and NUL stay", () => {
    const record = createOutputRecord({ captureBytes: 100, replayBytes: 100 });
    record.add("stdout", Buffer.from("\ufeff\0x"));
    expect(record.text("stdout", { final: true })).toBe("\ufeff\0x");
  });

  it("[X15] the replay keeps head and tail in order over both streams and says what is missing", () => {
    const record = createOutputRecord({ captureBytes: 0, replayBytes: 8 });
    record.add("stdout", Buffer.from("ab"));
    record.add("stderr", Buffer.from("cd"));
    expect(textOf(record.replay())).toBe("stdout:ab|stderr:cd");
    record.add("stdout", Buffer.from("efgh"));
    expect(textOf(record.replay())).toBe("stdout:ab|stderr:cd|stdout:efgh");
    record.add("stdout", Buffer.from("ijkl"));
    expect(textOf(record.replay())).toBe(
      "stdout:ab|stderr:cd|stderr:\r\n[4 bytes of output are not kept]\r\n|stdout:ijkl",
    );
  });

  it("every byte is either replayed or counted, whatever the chunks (seed 7)", () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const record = createOutputRecord({ captureBytes: 1000, replayBytes: 2000 });
    let written = 0;
    for (let i = 0; i < 500; i += 1) {
      const chunk = Buffer.alloc(random(300), 90);
      written += chunk.length;
      record.add(random(2) === 0 ? "stdout" : "stderr", chunk);
      const replay = textOf(record.replay());
      const skipped = Number(/\[(\d+) bytes/u.exec(replay)?.[1] ?? 0);
      expect((replay.match(/Z/gu)?.length ?? 0) + skipped).toBe(written);
    }
  });

  it("single bytes on alternating streams stay bounded", () => {
    const record = createOutputRecord({ captureBytes: 1_048_576, replayBytes: 1_048_576 });
    for (let i = 0; i < 100_000; i += 1) record.add(i % 2 === 0 ? "stdout" : "stderr", Uint8Array.of(97));
    expect(record.replay().length).toBeLessThan(4100);
    expect(record.text("stdout", { final: true })).toHaveLength(50_000);
  });

  it("the caller's chunk may be reused", () => {
    const record = createOutputRecord({ captureBytes: 10, replayBytes: 10 });
    const chunk = Buffer.from("abc");
    record.add("stdout", chunk);
    chunk.fill("x");
    expect(textOf(record.replay())).toBe("stdout:abc");
    expect(record.text("stdout", { final: true })).toBe("abc");
  });
});

describe("bytes up to a bound", () => {
  it("keeps exactly the first ones", () => {
    const buffer = createByteBuffer(1000);
    for (let i = 0; i < 300; i += 1) buffer.append(Uint8Array.of(i % 256, 1, 2, 3));
    expect(buffer.bytes).toHaveLength(1000);
    expect(buffer.bytes[996]).toBe(249);
    expect(buffer.truncated).toBe(true);
  });

  it("[X29] after its memory is released it has only the number of bytes", () => {
    const record = createOutputRecord({ captureBytes: 100, replayBytes: 100 });
    record.add("stdout", Buffer.from("one"));
    record.forget();
    expect([record.text("stdout", { final: true }), record.truncated, record.totalBytes]).toEqual(["", true, 3]);
    expect(Buffer.concat(record.replay().map(({ bytes }) => bytes)).toString()).toMatch(
      /\[3 bytes of output are not kept\]/u,
    );
    const silent = createOutputRecord({ captureBytes: 100, replayBytes: 100 });
    silent.forget();
    expect([silent.truncated, silent.replay()]).toEqual([false, []]);
  });
});
