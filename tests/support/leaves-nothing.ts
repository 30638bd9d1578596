/**
 * Vitest's setup for test files that share a process: one that leaves something behind, which the next file would meet, fails. Open
 * connections and timers are not looked at, because libraries keep some for a while.
 */
import process from "node:process";
import { afterAll, expect, vi } from "vitest";

/** Reading these prints a warning. */
const unread = new Set(["localStorage", "sessionStorage"]);

/** Names with two underscores belong to libraries, which make them once. */
const globalNames = (): string[] =>
  Object.getOwnPropertyNames(globalThis).filter((name) => !unread.has(name) && !name.startsWith("__"));

/** What files that share a process have in common, by name. Node defines some globals when they are read first, so all are read. */
const look = (): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ["fake timers", vi.isFakeTimers()],
    ["the working folder", process.cwd()],
    ["the mask of file modes", process.umask()],
    ["the exit code", process.exitCode],
    ...Object.entries(process.env).map(([name, value]): [string, unknown] => [`variable ${name}`, value]),
    ...process
      .eventNames()
      .map((name): [string, unknown] => [`listeners for ${String(name)}`, process.listenerCount(name)]),
    ...globalNames().map((name): [string, unknown] => [`global ${name}`, Reflect.get(globalThis, name)]),
  ]);

const before = look();

// Hooks run in reverse order: this one runs after those of the file.
afterAll(() => {
  const after = look();
  const names = new Set([...before.keys(), ...after.keys()]);
  const changed = [...names].filter((name) => !Object.is(before.get(name), after.get(name)));
  expect(changed, "left behind by this test file for the next one in its process").toEqual([]);
});
