import { encodeFrame, FrameFault } from "#platform/sandboxes";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SandboxCollect, SandboxCollected } from "./ports.ts";
import { startCollection } from "./collection.ts";
import { createFrameDecoder } from "../../../platform/sandboxes/machine/frames.ts";
import { decodeRunFrame } from "./run-frames.ts";

const MIB = 1_048_576;

/** Makes a collection whose sandbox sends the answers that the test gives, also those that init never sends. */
const scene = (
  options: {
    maxFiles?: number;
    maxBytes?: number;
    known?: Record<string, string>;
    reserve?: SandboxCollect["reserve"];
  } = {},
) => {
  const asked: string[] = [];
  const ended: { collected?: readonly SandboxCollected[] } = {};
  const collection = startCollection({
    send: (frame) => {
      const text = Buffer.from(frame);
      asked.push(text[0] === 0x0b ? "list" : `${text.readUInt32LE(5)} ${text.subarray(9).toString("utf8")}`);
    },
    collect: {
      wants: (path) => !path.startsWith("skip/"),
      maxFiles: options.maxFiles ?? 100,
      maxBytes: options.maxBytes ?? 20 * MIB,
      ...(options.reserve === undefined ? {} : { reserve: options.reserve }),
    },
    known: new Map(
      Object.entries(options.known ?? {}).map(([path, text]) => [
        path,
        createHash("sha256").update(text).digest("hex"),
      ]),
    ),
    done: (collected) => void (ended.collected = collected),
  });
  const listed = (path: string | Uint8Array, size: number, isFile = true): void =>
    collection.frame({ kind: "listed", entry: { isFile, size, path: Buffer.from(path as string) } });
  const end = (): void => collection.frame({ kind: "listed" });
  const bytes = (text: string | Uint8Array): void =>
    collection.frame({ kind: "fetched", bytes: Buffer.from(text as string) });
  const told = (): string[] =>
    (ended.collected ?? []).map((each) =>
      "skipped" in each ? `${each.path}: ${each.skipped}` : `${each.path} = ${Buffer.from(each.bytes).toString()}`,
    );
  return { asked, collection, listed, end, bytes, told, ended };
};

describe("files that come out of a sandbox", () => {
  it("[X33] are requested one after the other, in order, and only if they are new or changed", () => {
    const { asked, listed, end, bytes, told } = scene({ known: { "same.txt": "same", "old.txt": "before" } });
    listed("same.txt", 4);
    listed("old.txt", 5);
    listed("new/b.bin", 3);
    listed("skip/x", 1);
    end();
    expect(asked).toEqual(["list", "3 new/b.bin"]);
    bytes("b");
    bytes("in");
    bytes("");
    bytes("after");
    bytes("");
    bytes("same");
    bytes("");
    expect(asked).toEqual(["list", "3 new/b.bin", "5 old.txt", "4 same.txt"]);
    expect(told()).toEqual(["new/b.bin = bin", "old.txt = after"]);
  });

  it("[X33] names that are no paths of a project are skipped, and paths outside of it are not reported", () => {
    const { asked, listed, end, told } = scene();
    for (const path of ["../x", "/etc/passwd", "a/../../x", "", "."]) listed(path, 1);
    for (const path of ["a\\b", "a\nb", "a//b", "n".repeat(256)]) listed(path, 1);
    listed(Uint8Array.of(0x61, 0xff), 1);
    listed(Buffer.from("a\0b"), 1);
    listed("é", 1);
    listed("e\u0301", 1);
    end();
    expect(asked).toEqual(["list", "1 é"]);
    expect(told()).toEqual([]);
    const names = scene();
    for (const path of ["../x", "/etc/passwd", "a\\b", "e\u0301", "é"]) names.listed(path, 0);
    names.end();
    names.bytes("");
    expect(names.told()).toEqual(["a\\b: name", "é: name", "é = "]);
  });

  it("[X33] paths that were too long for the list, and folders that could not be read, are named as skipped", () => {
    const { collection, end, told } = scene();
    const payload = (kind: number, path: string) => Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(path)]);
    const decoder = createFrameDecoder();
    for (const [kind, path] of [
      [2, "deep"],
      [3, "locked"],
      [3, "skip/locked"],
    ] as const)
      for (const frame of decoder.push(encodeFrame(0x49, payload(kind, path))))
        collection.frame(decodeRunFrame(frame) as Parameters<typeof collection.frame>[0]);
    end();
    expect(told()).toEqual(["deep: name", "locked: unreadable"]);
  });

  it("[X33] links and devices are skipped, and no more files and bytes are taken than may be", () => {
    const { asked, listed, end, bytes, told } = scene({ maxFiles: 2, maxBytes: 10 });
    listed("link", 0, false);
    listed("a", 4);
    listed("b", 7);
    listed("c", 6);
    listed("d", 0);
    listed("huge", Number.MAX_SAFE_INTEGER);
    end();
    bytes("aaaa");
    bytes("");
    bytes("cccccc");
    bytes("");
    expect(asked).toEqual(["list", "4 a", "6 c"]);
    expect(told()).toEqual([
      "a = aaaa",
      "b: too-large",
      "c = cccccc",
      "d: too-many",
      "huge: too-many",
      "link: not-a-file",
    ]);
  });

  it("[X28] nothing comes before there is memory for all of it, and without it all is skipped", async () => {
    const answers: { bytes: number; answer: (isThere: boolean) => void }[] = [];
    const reserve = (bytes: number): Promise<boolean> => new Promise((answer) => void answers.push({ bytes, answer }));
    const [granted, refused] = [scene({ maxBytes: 10, reserve }), scene({ maxBytes: 10, reserve })];
    for (const { listed, end } of [granted, refused]) {
      listed("a", 4);
      listed("b", 3);
      listed("link", 1000, false);
      end();
    }
    const large = scene({ maxBytes: 10, reserve });
    large.listed("a", Number.MAX_SAFE_INTEGER);
    large.listed("b", Number.MAX_SAFE_INTEGER);
    large.end();
    expect(answers.map(({ bytes }) => bytes)).toEqual([7, 7, 10]);
    expect(granted.asked).toEqual(["list"]);
    answers[0]?.answer(true);
    answers[1]?.answer(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(granted.asked).toEqual(["list", "4 a"]);
    expect(refused.told()).toEqual(["a: out-of-time", "b: out-of-time", "link: not-a-file"]);
    large.collection.stop();
    answers[2]?.answer(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(large.asked).toEqual(["list"]);
    expect(large.told()).toEqual(["a: out-of-time", "b: out-of-time"]);
    const nothing = scene({ reserve });
    nothing.end();
    expect([nothing.told(), answers.length]).toEqual([[], 3]);
  });

  it("[X33] the files of a sandbox that sends something else than it listed are all dropped", () => {
    const short = scene();
    short.listed("a", 4);
    short.listed("b", 1);
    short.end();
    short.bytes("aa");
    short.bytes("");
    short.bytes("b");
    short.bytes("");
    expect(short.told()).toEqual(["a: unreadable", "b = b"]);
    const long = scene();
    long.listed("a", 4);
    long.listed("b", 1);
    long.end();
    long.bytes("aaaaa");
    expect(long.told()).toEqual(["a: out-of-time", "b: out-of-time"]);
    long.bytes("late");
    expect(long.told()).toHaveLength(2);
  });

  it("[X33] of 20,000 skipped files a hundred are named, and a stopped collection keeps the files that it received", () => {
    const { listed, end, bytes, told, collection } = scene({ maxFiles: 1 });
    for (let index = 0; index < 20_000; index += 1) listed(`f${String(index).padStart(5, "0")}`, 1);
    end();
    bytes("x");
    bytes("");
    expect(told()).toHaveLength(101);
    collection.stop();
    expect(told()[0]).toBe("f00000 = x");
    const stopped = scene();
    stopped.listed("a", 1);
    stopped.listed("b", 1);
    stopped.end();
    stopped.bytes("x");
    stopped.bytes("");
    stopped.collection.stop();
    expect(stopped.told()).toEqual(["a = x", "b: out-of-time"]);
  });

  it("[X33] malformed frames are faults", () => {
    const decode = (bytes: Buffer) => createFrameDecoder().push(bytes).map(decodeRunFrame);
    expect(() => decode(encodeFrame(0x49, Buffer.alloc(9)))).toThrow(FrameFault);
    expect(decode(encodeFrame(0x49))).toEqual([{ kind: "listed" }]);
  });
});
