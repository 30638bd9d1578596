import { expect, it } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { Ownership } from "../document/document-ref.ts";
import { createLogWriter } from "./log-writer.ts";
import type { LogEntry } from "./ports.ts";

const owner: Ownership = { ref: { projectId: "p", fileId: "f" }, generation: 1, fence: 1n };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const open = () => {
  const clock = createManualClock();
  const commits: number[][] = [];
  const silent = { observe: () => undefined };
  const writer = createLogWriter({
    storage: {
      append: (entries: readonly LogEntry[]) => {
        commits.push(entries.map(({ sequence }) => sequence));
        return Promise.resolve([]);
      },
    },
    clock,
    log: silentLog,
    commitSeconds: silent,
    batchSize: silent,
    spacingMs: 50,
    onCommitted: () => undefined,
    onUp: () => undefined,
    onDown: () => undefined,
  });
  const durable: number[] = [];
  const append = (sequence: number): void =>
    writer.append({
      kind: "edit",
      owner,
      sequence,
      update: Uint8Array.of(0, 0),
      userId: null,
      clientId: null,
      durable: () => void durable.push(sequence),
      refused: () => undefined,
    });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turns = 0; turns < 3; turns += 1) await turn();
  };
  return { writer, append, pass, commits, durable };
};

it("[C67] the first update is committed at once, and those of the next 50 ms together", async () => {
  const { append, pass, commits, durable } = open();
  append(1);
  await pass(0);
  expect(commits).toEqual([[1]]);
  append(2);
  await pass(30);
  append(3);
  await pass(19);
  expect(durable).toEqual([1]);
  await pass(1);
  expect(commits).toEqual([[1], [2, 3]]);
  expect(durable).toEqual([1, 2, 3]);
});

it("[C67] a flush shortens the pause between commits, also one that has begun", async () => {
  const { writer, append, pass, commits } = open();
  append(1);
  await pass(0);
  append(2);
  await pass(5);
  const early = writer.flush();
  await pass(14);
  expect(commits).toEqual([[1]]);
  await pass(1);
  await early;
  expect(commits).toEqual([[1], [2]]);
  append(3);
  await pass(30);
  const late = writer.flush();
  await pass(0);
  await late;
  expect(commits).toEqual([[1], [2], [3]]);
  // Without a flush the pause is 50 ms again.
  append(4);
  await pass(49);
  expect(commits).toHaveLength(3);
  await pass(1);
  expect(commits).toHaveLength(4);
});
