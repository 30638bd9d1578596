import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeChannels } from "../../app/fake-channels.testing.ts";
import { attachRunStream } from "./run-stream.ts";

const start = ({ mayControl = true } = {}) => {
  const channels = fakeChannels();
  const told: unknown[] = [];
  const stream = attachRunStream({
    projectId: "p",
    executionId: "e",
    openChannel: channels.openChannel,
    mayControl: () => mayControl,
    onStart: () => told.push("start"),
    onOutput: (bytes) => told.push(new TextDecoder().decode(bytes)),
    onExecution: ({ status }) => told.push(status),
    onConnection: (isConnected) => told.push(isConnected),
    onLost: (code) => told.push(code),
  });
  return { stream, told, channel: channels.channel };
};

/** A frame of a terminal's output. */
const bytes = (text: string): Uint8Array => Uint8Array.of(3, ...new TextEncoder().encode(text));
const status = (name: string) => JSON.stringify({ type: "status", execution: { status: name } });

describe("a run's stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("reconnects while the connection is lost, and then sends the text that was typed meanwhile", async () => {
    const { stream, told, channel } = start();
    channel.open();
    for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 500) {
      channel.end(1006);
      await vi.advanceTimersByTimeAsync(500);
    }
    stream.input("typed\n");
    channel.open();
    expect(told).toEqual([true, false, true]);
    channel.say(status("running"));
    expect(told.slice(3)).toEqual(["start", "running"]);
    expect(channel.sent).toEqual([new TextEncoder().encode("typed\n")]);
    expect(channel.openings).toEqual([1, 2].map(() => ({ kind: "run", executionId: "e" })));
    stream.close();
    expect(channel.isLeft).toBe(true);
  });

  it("reports no interruption that is too short to read about", async () => {
    const { told, channel } = start();
    channel.open();
    channel.end(1006);
    await vi.advanceTimersByTimeAsync(200);
    channel.open();
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual([true, true]);
  });

  it("starts over with the server's output, and keeps the shown output when the server has none", () => {
    const exit = JSON.stringify({ type: "exit", execution: { status: "system-error" } });
    const { told, channel } = start();
    channel.open();
    channel.say(status("running"));
    channel.say(bytes("name? "));
    channel.end(1006);
    channel.open();
    channel.say(status("running"));
    channel.say(bytes("name? "));
    expect(told).toEqual([true, "start", "running", "name? ", true, "start", "running", "name? "]);
    channel.end(1006);
    channel.open();
    channel.say(status("system-error"));
    channel.say(exit);
    expect(told.slice(8)).toEqual([true, "system-error"]);
  });

  it("sends nothing for a viewer", () => {
    const { stream, channel } = start({ mayControl: false });
    stream.send({ type: "resize", columns: 80, rows: 24 });
    channel.open();
    stream.input("typed\n");
    expect(channel.sent).toEqual([]);
  });

  it.each([4403, 4404])("is given up after %s, and never after its end", (code) => {
    const { told, channel } = start();
    channel.open();
    channel.end(code);
    expect([told, channel.isLeft]).toEqual([[true, code], true]);

    const ended = start();
    ended.channel.open();
    ended.channel.say(JSON.stringify({ type: "exit", execution: { status: "succeeded" } }));
    ended.channel.end(1006);
    expect([ended.told, ended.channel.isLeft]).toEqual([[true, "succeeded"], true]);
  });
});
