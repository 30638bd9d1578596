import { describe, expect, it, vi } from "vitest";
import { fakeOpener, setPage } from "../../app/fake-socket.testing.ts";
import { attachRunStream } from "./run-stream.ts";

const start = ({ mayControl = true } = {}) => {
  const opener = fakeOpener();
  const told: unknown[] = [];
  const stream = attachRunStream({
    executionId: "e",
    openSocket: opener.open,
    mayControl: () => mayControl,
    onStart: () => told.push("start"),
    onOutput: (bytes) => told.push(new TextDecoder().decode(bytes)),
    onExecution: ({ status }) => told.push(status),
    onConnection: (isConnected) => told.push(isConnected),
    onLost: (code) => told.push(code),
  });
  return { stream, told, ...opener };
};

/** A frame of a terminal's output. */
const bytes = (text: string): ArrayBuffer => Uint8Array.of(3, ...new TextEncoder().encode(text)).buffer;

describe("a run's stream", () => {
  setPage();

  it("is looked for as long as the line is away, and brings what was typed meanwhile", async () => {
    const { stream, told, newest } = start();
    (await newest()).open();
    for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 500) {
      (await newest()).end(1006);
      await vi.advanceTimersByTimeAsync(500);
    }
    stream.input("typed\n");
    await vi.advanceTimersByTimeAsync(6000);
    const back = await newest();
    back.open();
    expect(told).toEqual([true, false, true]);
    back.say(JSON.stringify({ type: "status", execution: { status: "running" } }));
    expect(told.slice(3)).toEqual(["start", "running"]);
    expect(back.sent).toEqual([new TextEncoder().encode("typed\n")]);
    stream.close();
  });

  it("says nothing about an interruption that nobody could have read about", async () => {
    const { told, newest } = start();
    (await newest()).open();
    (await newest()).end(1006);
    await vi.advanceTimersByTimeAsync(200);
    (await newest()).open();
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual([true, true]);
  });

  it("starts over with what the server still has, and keeps what is shown when that is nothing", async () => {
    const status = (name: string) => JSON.stringify({ type: "status", execution: { status: name } });
    const exit = JSON.stringify({ type: "exit", execution: { status: "system-error" } });
    const { told, newest } = start();
    const first = await newest();
    first.open();
    first.say(status("running"));
    first.say(bytes("name? "));
    first.end(1006);
    await vi.advanceTimersByTimeAsync(200);
    const back = await newest();
    back.open();
    back.say(status("running"));
    back.say(bytes("name? "));
    expect(told).toEqual([true, "start", "running", "name? ", true, "start", "running", "name? "]);
    back.end(1006);
    await vi.advanceTimersByTimeAsync(200);
    const last = await newest();
    last.open();
    last.say(status("system-error"));
    last.say(exit);
    expect(told.slice(8)).toEqual([true, "system-error"]);
  });

  it("says nothing for somebody who may only watch", async () => {
    const { stream, newest } = start({ mayControl: false });
    stream.send({ type: "resize", columns: 80, rows: 24 });
    const socket = await newest();
    socket.open();
    stream.input("typed\n");
    expect(socket.sent).toEqual([]);
  });

  it.each([4403, 4404])("is given up after %s, and never after its end", async (code) => {
    const { told, newest, opened } = start();
    (await newest()).open();
    (await newest()).end(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([told, opened.length]).toEqual([[true, code], 1]);

    const ended = start();
    const socket = await ended.newest();
    socket.open();
    socket.say(JSON.stringify({ type: "exit", execution: { status: "succeeded" } }));
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([ended.told, ended.opened.length]).toEqual([[true, "succeeded"], 1]);
  });
});
