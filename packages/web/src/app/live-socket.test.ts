import { describe, expect, it, vi } from "vitest";
import { fakeOpener, setPage } from "./fake-socket.testing.ts";
import { createLiveSocket, FINAL_CLOSE_CODES, type LiveSocketOptions } from "./live-socket.ts";

const HALF_A_MINUTE_MS = 30_000;

const start = (options: Partial<LiveSocketOptions> = {}) => {
  const opener = fakeOpener();
  const heard: unknown[] = [];
  const states: boolean[] = [];
  const live = createLiveSocket({
    open: opener.open,
    onMessage: (data) => heard.push(data),
    onState: (isConnected) => states.push(isConnected),
    shouldReturn: (code) => code !== 4404,
    onOpenError: () => true,
    ...options,
  });
  return { live, heard, states, ...opener };
};

it("knows the close codes that are final, as the API numbers them", () => {
  expect(FINAL_CLOSE_CODES).toEqual([4403, 4404]);
});

describe("a socket that comes back", () => {
  const page = setPage();

  it("gives up a try that neither opens nor fails, and one whose ticket never comes", async () => {
    const { opened, newest, states, heard } = start();
    const slow = await newest();
    await vi.advanceTimersByTimeAsync(10_200);
    expect(opened).toHaveLength(2);
    expect(slow.readyState).toBe(WebSocket.CLOSED);
    slow.open();
    expect(states).toEqual([]);
    const next = await newest();
    next.open();
    slow.say("late");
    next.say("now");
    expect([states, heard]).toEqual([[true], ["now"]]);

    let asked = 0;
    start({
      open: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
    });
    await vi.advanceTimersByTimeAsync(21_000);
    expect(asked).toBe(3);
  });

  it("is replaced without a gap when the page is seen again after a long silence", async () => {
    const { opened, newest, states, heard } = start();
    const first = await newest();
    first.open();
    await vi.advanceTimersByTimeAsync(HALF_A_MINUTE_MS - 1000);
    page.see();
    expect(opened).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    page.see();
    page.see();
    const second = await newest();
    expect(opened).toHaveLength(2);
    first.say("still in use");
    second.open();
    expect(first.readyState).toBe(WebSocket.CLOSED);
    first.end(1000);
    second.say("from the new one");
    await vi.advanceTimersByTimeAsync(HALF_A_MINUTE_MS);
    expect(states).toEqual([true, true]);
    expect(heard).toEqual(["still in use", "from the new one"]);
    expect(opened).toHaveLength(2);
  });

  it("is replaced at once when the network is back, and silence alone is no reason where it is normal", async () => {
    const { opened, newest } = start({ isSilenceNormal: true });
    (await newest()).open();
    await vi.advanceTimersByTimeAsync(10 * HALF_A_MINUTE_MS);
    page.see();
    expect(opened).toHaveLength(1);
    page.goOnline();
    (await newest()).open();
    expect(opened).toHaveLength(2);
  });

  it("tries on when the doubted line dies before the new one opens, and not after a final word", async () => {
    const { opened, newest, states } = start();
    const first = await newest();
    first.open();
    page.goOnline();
    const second = await newest();
    first.end(1006);
    second.end(1006);
    await vi.advanceTimersByTimeAsync(200);
    const third = await newest();
    third.open();
    expect([opened.length, states]).toEqual([3, [true, false, true]]);
    third.end(4404);
    page.goOnline();
    page.see();
    await vi.advanceTimersByTimeAsync(HALF_A_MINUTE_MS);
    expect([opened.length, states]).toEqual([3, [true, false, true, false]]);
  });
});
