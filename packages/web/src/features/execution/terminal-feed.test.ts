import { describe, expect, it } from "vitest";
import { createOutputBuffer } from "./output-buffer.ts";
import { feedTerminal, type Pace } from "./terminal-feed.ts";

const MIB = 1024 * 1024;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Like xterm: accepts everything at once, draws later, and also draws what it accepted before a reset. */
const slowTerminal = () => {
  let shown = "";
  let pendingBytes = 0;
  let mostPendingBytes = 0;
  const queue: { readonly text: string; readonly written: () => void }[] = [];
  const step = (): boolean => {
    const next = queue.shift();
    if (!next) return false;
    shown += next.text;
    pendingBytes -= next.text.length;
    next.written();
    return true;
  };
  return {
    write(text: string, written: () => void): void {
      pendingBytes += text.length;
      mostPendingBytes = Math.max(mostPendingBytes, pendingBytes);
      queue.push({ text, written });
    },
    reset(): void {
      shown = "";
    },
    step,
    draw(): string {
      while (step());
      return shown;
    },
    get mostPendingBytes() {
      return mostPendingBytes;
    },
  };
};

/** A clock that does not advance. */
const UNHURRIED: Pace = { now: () => 0, later: (work) => work() };

/** Does no layout: the bytes are the text. */
const createLayout = () => ({
  transform: (chunk: Uint8Array) => new TextDecoder().decode(chunk),
  reset: () => undefined,
});

const start = () => {
  const output = createOutputBuffer();
  const terminal = slowTerminal();
  return { output, terminal, feed: feedTerminal({ terminal, output, layout: createLayout(), pace: UNHURRIED }) };
};

/** Lines of 64 bytes. */
const lines = (count: number, of = "x"): Uint8Array => bytes(`${of.repeat(63)}\n`.repeat(count));

describe("a terminal that draws slower than a program prints", () => {
  it("shows the end, in whole lines, and how much it skipped before it", () => {
    const { output, terminal } = start();
    for (let at = 0; at < 80; at += 1) output.append(lines(1024));
    output.append(bytes("ValueError: the end\n"));
    const shown = terminal.draw();
    expect(shown).toMatch(/… [\d.]+ MB were not shown …/u);
    expect(shown.endsWith("ValueError: the end\n")).toBe(true);
    const after = shown.slice(shown.indexOf("not shown"));
    expect(after.split("\n")[1]).toBe("x".repeat(63));
    // All that the terminal keeps, and not much more.
    expect(after.split("\n").length).toBeGreaterThan(5000);
    expect(after.split("\n").length).toBeLessThanOrEqual(10_001);
    // Accepted bytes can't be taken back, so there must be few of them at any time.
    expect(terminal.mostPendingBytes).toBeLessThan(16 * 1024);
  });

  it("yields to the page every few milliseconds, whatever a piece costs", () => {
    const output = createOutputBuffer();
    let nowMs = 0;
    let writes = 0;
    const rests: (() => void)[] = [];
    feedTerminal({
      terminal: {
        write(_, written) {
          nowMs += 3;
          writes += 1;
          written();
        },
        reset: () => undefined,
      },
      output,
      layout: createLayout(),
      pace: { now: () => nowMs, later: (work) => rests.push(work) },
    });
    output.append(lines(4096));
    const slices: number[] = [];
    for (let begunMs = 0; ; begunMs = nowMs) {
      slices.push(nowMs - begunMs);
      const next = rests.shift();
      if (!next) break;
      output.append(lines(1));
      next();
    }
    expect(writes).toBeGreaterThan(30);
    expect(slices.length).toBeGreaterThan(5);
    expect(Math.max(...slices)).toBeLessThanOrEqual(12);
    expect(rests).toEqual([]);
  });

  it("does not count the time for which the terminal waits as work", () => {
    const output = createOutputBuffer();
    const terminal = slowTerminal();
    let nowMs = 0;
    let rests = 0;
    const pace: Pace = { now: () => nowMs, later: () => (rests += 1) };
    feedTerminal({ terminal, output, layout: createLayout(), pace });
    for (let count = 0; count < 20; count += 1) {
      output.append(lines(1));
      nowMs += 1000;
      terminal.draw();
    }
    expect(rests).toBe(0);
  });

  it("shows only the last lines of what waits when the run is stopped", () => {
    const { output, terminal, feed } = start();
    output.append(lines(4096));
    feed.skim(true);
    output.append(lines(4096));
    output.append(bytes("the end\n"));
    const shown = terminal.draw();
    expect(shown.length).toBeLessThan(64 * 1024);
    expect(shown).toContain("were not shown");
    expect(shown.endsWith("the end\n")).toBe(true);
    output.clear();
    feed.skim(false);
    output.append(lines(4096));
    expect(terminal.draw().length).toBe(4096 * 64);
  });

  it("shows the end of the output from before it was loaded", () => {
    const output = createOutputBuffer();
    output.append(lines((4 * MIB) / 64 - 1));
    output.append(bytes("the end\n"));
    const terminal = slowTerminal();
    feedTerminal({ terminal, output, layout: createLayout(), pace: UNHURRIED });
    const shown = terminal.draw();
    expect(shown).toContain("were not shown");
    expect(shown.endsWith("the end\n")).toBe(true);
  });

  it("shows no output of the old run in a new one", () => {
    const { output, terminal } = start();
    output.append(lines(8192, "a"));
    output.append(lines(1, "a"));
    output.clear();
    output.append(lines(2, "b"));
    expect(terminal.draw()).toBe(new TextDecoder().decode(lines(2, "b")));
    output.append(bytes("c"));
    expect(terminal.draw().endsWith("c")).toBe(true);
  });

  it("can show everything again, laid out anew, and goes on from there", () => {
    const output = createOutputBuffer();
    const terminal = slowTerminal();
    let mark = "a";
    let resets = 0;
    const feed = feedTerminal({
      terminal,
      output,
      layout: {
        transform: (chunk) => mark + new TextDecoder().decode(chunk),
        reset: () => (resets += 1),
      },
      pace: UNHURRIED,
    });
    output.append(bytes("one\n"));
    output.append(bytes("two\n"));
    expect(terminal.draw()).toBe("aone\natwo\n");
    mark = "b";
    feed.again();
    output.append(bytes("three\n"));
    expect(terminal.draw()).toBe("bone\nbtwo\nbthree\n");
    expect(resets).toBe(1);
  });

  it("shows all output of a slow program, in order, and nothing after it was stopped", () => {
    const { output, terminal, feed } = start();
    let all = "";
    for (let at = 0; at < 3000; at += 1) {
      output.append(bytes(`${at}\n`));
      all += `${at}\n`;
      if (at % 7 === 0) terminal.step();
    }
    expect(terminal.draw()).toBe(all);
    output.append(lines(8192));
    feed.stop();
    terminal.draw();
    expect(terminal.step()).toBe(false);
  });
});
