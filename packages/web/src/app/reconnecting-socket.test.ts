import { CLOSE } from "@atelier/contracts";
import { describe, expect, test } from "vitest";
import { createReconnectingSocket, retryDelayMs } from "./reconnecting-socket.ts";
import { manualTime, ScriptedSocket } from "./scripted-sockets.testing.ts";

function script(options: { stopAt?: number; isUrgent?: boolean; refusal?: () => Error } = {}) {
  const time = manualTime();
  const sockets: ScriptedSocket[] = [];
  const heard: number[][] = [];
  const closes: number[] = [];
  let opens = 0;
  let probes = 0;
  const connection = createReconnectingSocket(
    async () => {
      const socket = new ScriptedSocket();
      sockets.push(socket);
      const refusal = options.refusal?.();
      if (refusal) throw refusal;
      return socket as unknown as WebSocket;
    },
    {
      onOpen: () => (opens += 1),
      onMessage: (frame) => heard.push([...frame]),
      onClose: (code) => {
        closes.push(code);
        if (code === options.stopAt) connection.close();
      },
      probe: () => (probes += 1),
      isUrgent: () => options.isUrgent === true,
    },
    time.environment,
  );
  return {
    ...time,
    connection,
    sockets,
    heard,
    closes,
    opens: () => opens,
    probes: () => probes,
    last: () => sockets.at(-1) as ScriptedSocket,
  };
}

describe("a reconnecting socket", () => {
  test("waits at most 250 ms for the first retry, grows to 10 s, and longer under pressure", () => {
    for (const random of [0, 0.5, 0.999]) {
      expect(retryDelayMs(0, random)).toBeLessThanOrEqual(250);
      expect(retryDelayMs(1, random)).toBeGreaterThan(retryDelayMs(0, random));
      expect(retryDelayMs(20, random)).toBeLessThanOrEqual(10_000);
      expect(retryDelayMs(20, random)).toBeGreaterThanOrEqual(5_000);
      expect(retryDelayMs(0, random, CLOSE.overloaded)).toBeGreaterThanOrEqual(800);
    }
  });

  test("reconnects after each loss, and resets the delay when it is settled", async () => {
    const it = script();
    await it.advance(0);
    it.last().accept();
    it.last().end(1006);
    await it.advance(250);
    expect(it.sockets).toHaveLength(2);
    it.last().end(1006);
    await it.advance(250);
    expect(it.sockets).toHaveLength(2);
    await it.advance(250);
    expect(it.sockets).toHaveLength(3);
    it.last().accept();
    it.connection.settled();
    it.last().end(1012);
    await it.advance(250);
    expect(it.sockets).toHaveLength(4);
    expect(it.closes).toEqual([1006, 1006, 1012]);
  });

  test("retries at once when the network returns, and closes when it is lost", async () => {
    const it = script();
    await it.advance(0);
    it.last().accept();
    expect(it.connection.isOpen).toBe(true);
    it.wake("offline");
    expect(it.connection.isOpen).toBe(false);
    await it.advance(0);
    for (let i = 0; i < 10; i += 1) {
      await it.advance(10_000);
      it.last().end(1006);
    }
    const before = it.sockets.length;
    it.wake("online");
    await it.advance(0);
    expect(it.sockets).toHaveLength(before + 1);
  });

  test("stays away when its owner closes it", async () => {
    const it = script({ stopAt: 4403 });
    await it.advance(0);
    it.last().accept();
    it.last().end(4403);
    await it.advance(60_000);
    it.wake("online");
    await it.advance(60_000);
    expect(it.sockets).toHaveLength(1);
  });

  test("gives up a socket that does not open", async () => {
    const it = script();
    await it.advance(11_000);
    expect(it.sockets.length).toBeGreaterThan(1);
    it.sockets[0]?.accept();
    expect(it.opens()).toBe(0);
  });

  test("keeps a silent socket that answers pings, and closes one that does not", async () => {
    const it = script();
    await it.advance(0);
    const first = it.last();
    first.accept();
    await it.advance(20_000);
    expect(it.probes()).toBe(1);
    first.say(1);
    await it.advance(25_000);
    expect(it.probes()).toBe(2);
    expect(it.sockets).toHaveLength(1);
    await it.advance(11_000);
    expect(it.closes).toEqual([1006]);
    expect(it.sockets).toHaveLength(2);
    expect(it.heard).toEqual([[1]]);
  });

  test("closes a silent socket", async () => {
    const it = script();
    await it.advance(0);
    it.last().accept();
    await it.advance(31_000);
    expect([it.closes, it.sockets.length]).toEqual([[1006], 2]);
  });

  test.each(["online", "visible"] as const)("doubts an open socket that says nothing after %s", async (reason) => {
    const it = script();
    await it.advance(0);
    const first = it.last();
    first.accept();
    it.wake(reason);
    expect(it.probes()).toBe(1);
    first.say(1);
    await it.advance(10_000);
    expect([it.closes, it.sockets.length]).toEqual([[], 1]);
    it.wake(reason);
    await it.advance(2_900);
    expect(it.closes).toEqual([]);
    await it.advance(400);
    expect([it.closes, it.sockets.length]).toEqual([[1006], 2]);
  });

  describe("with something waiting to be sent", () => {
    /** The number of tries in each of so many minutes without a server. */
    const triesByMinute = async (options: Parameters<typeof script>[0], minutes: number) => {
      const it = script(options);
      await it.advance(0);
      const counts: number[] = [];
      for (let minute = 0; minute < minutes; minute += 1) {
        const before = it.sockets.length;
        await it.advance(60_000);
        counts.push(it.sockets.length - before);
      }
      return counts;
    };
    const nobody = () => new TypeError("no answer");

    test("retries at least every 700 ms for two minutes, then with the usual delays", async () => {
      const [first = 0, second = 0, third = 0, fourth = 0] = await triesByMinute(
        { isUrgent: true, refusal: nobody },
        4,
      );
      expect(Math.min(first, second)).toBeGreaterThanOrEqual(Math.floor(60_000 / 700));
      expect(Math.max(third, fourth)).toBeLessThanOrEqual(12);
    });

    test("retries with the usual delays when the server answers, or when nothing waits", async () => {
      const [busy = 0] = await triesByMinute(
        { isUrgent: true, refusal: () => Object.assign(new Error("busy"), { status: 503 }) },
        1,
      );
      const [idle = 0] = await triesByMinute({ refusal: nobody }, 1);
      expect(busy).toBe(idle);
      expect(busy).toBeLessThanOrEqual(14);
      expect(busy).toBeGreaterThan(5);
    });
  });
});
