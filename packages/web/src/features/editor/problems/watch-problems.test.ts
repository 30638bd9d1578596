import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CheckerClient } from "./checker-client.ts";
import type { CheckResult, Problem, TextUpdate } from "./problem.ts";
import { watchProblems } from "./watch-problems.ts";

const PROBLEM: Problem = {
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 2,
  severity: "error",
  code: 2322,
  message: "wrong",
};
const found: CheckResult = { kind: "problems", problems: [PROBLEM] };
const wants = (...paths: string[]): CheckResult => ({ kind: "wanted", paths });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A page with files, one of them shown, and a checker that returns what the test sets. */
const stage = (shown: string, files: Record<string, { size?: number; stamp?: string; text?: string }> = {}) => {
  const open = new Map([[shown, "shown"]]);
  const state = { shown };
  const updates: { texts: readonly TextUpdate[]; paths: readonly string[] | undefined }[] = [];
  const tell = vi.fn<(path: string, problems: readonly Problem[]) => void>();
  const check = vi.fn<(path: string) => Promise<CheckResult>>(() => Promise.resolve(found));
  const checker: CheckerClient = {
    update: (texts, paths) => updates.push({ texts, paths }),
    check,
    dispose: () => undefined,
  };
  const startChecker = vi.fn<() => CheckerClient>(() => checker);
  const read = vi.fn<(path: string) => Promise<string>>((path) =>
    files[path]?.text === undefined ? Promise.reject(new Error("offline")) : Promise.resolve(files[path].text),
  );
  const watch = watchProblems({
    shown: () => state.shown,
    openTexts: () => open,
    sources: {
      files: () =>
        new Map(Object.entries(files).map(([path, { size = 10, stamp = "1" }]) => [path, { size, stamp }] as const)),
      read,
      onChange: () => () => undefined,
    },
    startChecker,
    tell,
    log: () => undefined,
  });
  const quiet = () => vi.advanceTimersByTimeAsync(400);
  return { state, open, updates, tell, check, startChecker, read, watch, quiet, files };
};

test("what is typed in one go is checked once, with the text as it is then", async () => {
  const { open, watch, quiet, check, updates, tell } = stage("main.ts");
  for (const text of ["a", "ab", "abc"]) {
    open.set("main.ts", text);
    watch.changed();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(check).not.toHaveBeenCalled();
  await quiet();
  expect(check).toHaveBeenCalledTimes(1);
  expect(updates).toEqual([{ texts: [["main.ts", "abc"]], paths: ["main.ts"] }]);
  expect(tell).toHaveBeenCalledExactlyOnceWith("main.ts", [PROBLEM]);
});

test("no checker is started for a file of another language", async () => {
  const { quiet, startChecker } = stage("main.js");
  await quiet();
  expect(startChecker).not.toHaveBeenCalled();
});

test("files that a check asks for are read once, and again when the project has others", async () => {
  const { check, read, watch, quiet, updates, files } = stage("main.ts", { "util.ts": { text: "util" } });
  check.mockResolvedValueOnce(wants("util.ts"));
  await quiet();
  expect(updates.at(-1)).toEqual({ texts: [["util.ts", "util"]], paths: undefined });
  watch.changed();
  await quiet();
  expect(updates.at(-1)).toEqual({ texts: [], paths: undefined });
  files["util.ts"] = { stamp: "2", text: "newer" };
  check.mockResolvedValueOnce(wants("util.ts"));
  watch.changed();
  await quiet();
  expect(updates.slice(-2).map(({ texts }) => texts)).toEqual([[["util.ts", undefined]], [["util.ts", "newer"]]]);
  expect(read).toHaveBeenCalledTimes(2);
});

test("a file that is too large, or that the server does not give, counts as one that cannot be read", async () => {
  const { check, read, quiet, updates, tell } = stage("main.ts", { "big.ts": { size: 2 ** 21, text: "" }, "a.ts": {} });
  check.mockResolvedValueOnce(wants("big.ts", "a.ts"));
  await quiet();
  expect(updates.at(-1)?.texts).toEqual([
    ["big.ts", null],
    ["a.ts", null],
  ]);
  expect(read).toHaveBeenCalledExactlyOnceWith("a.ts");
  expect(tell).toHaveBeenCalledOnce();
});

test("a result for an earlier text is told to nobody, and the newer one is checked", async () => {
  const { check, watch, quiet, tell } = stage("main.ts");
  let answer: (result: CheckResult) => void = () => undefined;
  check.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
  await quiet();
  watch.changed();
  answer(found);
  await vi.advanceTimersByTimeAsync(0);
  expect(tell).not.toHaveBeenCalled();
  await quiet();
  expect(tell).toHaveBeenCalledOnce();
});

test("where the checker fails no problem is left, and it is started again a few times", async () => {
  const { check, watch, quiet, tell, startChecker } = stage("main.ts");
  await quiet();
  check.mockRejectedValue(new Error("not loaded"));
  for (let n = 0; n < 6; n += 1) {
    watch.changed();
    await quiet();
  }
  expect(tell).toHaveBeenLastCalledWith("main.ts", []);
  expect(startChecker).toHaveBeenCalledTimes(3);
});
