/** Parts run in parallel, but the output of each is printed in one piece, with failures and reasons. */
import { expect, test, vi } from "vitest";
import { close, runNode, wholeResult } from "./parts.mjs";
import { runParts } from "./run-parts.mjs";

type Options = Parameters<Parameters<typeof runParts>[1][string] & object>[0];

const open = () => Promise.withResolvers<undefined>();

test("parts of two lanes overlap; the output of each is printed when it ends", async () => {
  const lines: string[] = [];
  const [first, second] = [open(), open()];
  const part =
    (name: string, gate: Promise<undefined>) =>
    async ({ out }: Options) => {
      out.write(`${name} begins\n`);
      await gate;
      out.write(`${name} ends\n`);
      return [wholeResult(name, true)];
    };
  const parts = {
    slow: part("slow", first.promise),
    quick: part("quick", second.promise),
    later: part("later", second.promise),
  };
  const running = runParts([["slow"], ["quick", "later"]], parts, {}, (line) => lines.push(line));
  expect(lines).toEqual([]);
  second.resolve(undefined);
  await vi.waitFor(() => expect(lines.join("\n")).toContain("later ends"));
  expect(lines.join("\n")).not.toContain("slow");
  running.showUnfinished();
  expect(lines.at(-1)).toBe("slow begins");
  first.resolve(undefined);
  const results = await running.results;
  expect(lines.at(-1)).toBe("slow begins\nslow ends");
  expect(lines.some((line) => /slow: 1 passed, 0 failed \(\d+ s\)/u.test(line))).toBe(true);
  expect(results.map(({ title }) => title)).toEqual(["slow", "quick", "later"]);
});

test("a lane that has ended takes over parts that another one has not begun, and results keep their order", async () => {
  const gates = new Map(["long", "short", "next", "last"].map((name) => [name, open()]));
  const begun: string[] = [];
  const part = (name: string) => async () => {
    begun.push(name);
    await gates.get(name)?.promise;
    return [wholeResult(name, true)];
  };
  const parts = Object.fromEntries([...gates.keys()].map((name) => [name, part(name)]));
  const end = (name: string) => gates.get(name)?.resolve(undefined);
  const running = runParts([["long", "next", "last"], ["short"]], parts, {}, () => undefined);
  expect(begun).toEqual(["long", "short"]);
  end("short");
  await vi.waitFor(() => expect(begun).toEqual(["long", "short", "next"]));
  end("long");
  await vi.waitFor(() => expect(begun).toEqual(["long", "short", "next", "last"]));
  end("next");
  end("last");
  expect((await running.results).map(({ title }) => title)).toEqual(["long", "next", "last", "short"]);
});

test("a part that breaks counts as failed with its reason, and the rest of its lane runs", async () => {
  const lines: string[] = [];
  const parts = {
    broken: () => Promise.reject(new Error("planted")),
    after: async () => [wholeResult("after", true)],
  };
  const results = await runParts([["broken", "after"]], parts, {}, (line) => lines.push(line)).results;
  expect(results).toMatchObject([
    { title: "broken", failed: 1 },
    { title: "after", passed: 1 },
  ]);
  expect(lines.join("\n")).toContain("planted");
});

test("what a program writes on both streams is buffered, with its exit code", async () => {
  const lines: string[] = [];
  const script = "console.log('to stdout'); console.error('to stderr'); process.exit(3)";
  const parts = {
    program: async ({ out }: Options) => {
      const code = await runNode(["-e", script], { out });
      return [wholeResult(`ended with ${code}`, code === 0)];
    },
    other: async () => [],
  };
  const results = await runParts([["program"], ["other"]], parts, {}, (line) => lines.push(line)).results;
  expect(results).toMatchObject([{ title: "ended with 3", failed: 1 }]);
  expect(lines.join("\n")).toMatch(/to stdout[^]*to stderr|to stderr[^]*to stdout/u);
});

test("the last line is the sum, below the names of the failures", () => {
  const said: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const bad = { title: "unit", passed: 2, failed: 1, failures: ["a.test.ts: adds"], skipped: [] };
  const code = close([bad, wholeResult("lint", true)]);
  write.mockRestore();
  expect(code).toBe(1);
  expect(said.join("")).toBe("\nfailed: unit (1)\n  a.test.ts: adds\n3 passed, 1 failed\n");
});
