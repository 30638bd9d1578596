import { describe, expect, it } from "vitest";
import { createByteGate } from "./byte-gate.ts";

describe("the gate for bytes", () => {
  it("runs reads that fit, in order, also after a failure, and the largest alone", async () => {
    const gate = createByteGate(100);
    const running = new Map<string, { bytes: number; end: () => void; fail: (error: Error) => void }>();
    const ended: string[] = [];
    const start = (name: string, bytes: number): void => {
      const work = gate.run(
        bytes,
        () => new Promise<void>((end, fail) => void running.set(name, { bytes, end, fail })),
      );
      const close = (): void => {
        running.delete(name);
        ended.push(name);
      };
      work.then(close, close);
    };
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const names = async (): Promise<string> => (await settle(), [...running.keys()].join(""));

    for (const [name, bytes] of Object.entries({ a: 60, b: 40, c: 50, d: 10, e: 500 })) start(name, bytes);
    expect(await names()).toBe("ab");
    // d would fit, but c is before it in the queue.
    running.get("b")?.fail(new Error("planted"));
    expect(await names()).toBe("a");
    running.get("a")?.end();
    expect(await names()).toBe("cd");
    running.get("c")?.end();
    expect(await names()).toBe("d");
    running.get("d")?.end();
    expect(await names()).toBe("e");
    running.get("e")?.end();
    expect(await names()).toBe("");
    expect(ended.join("")).toBe("bacde");
  });
});
