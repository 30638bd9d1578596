import {
  CHANNEL_FRAME,
  CLOSE,
  decodeChannelFrame,
  decodeCredit,
  encodeChannelFrame,
  encodeClosing,
  encodeCredit,
} from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { createProjectSockets, FINAL_CLOSE_CODES, type PageChannel } from "./project-socket.ts";
import { manualTime, ScriptedSocket } from "./scripted-sockets.testing.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Frames that the page sent on a socket. */
const framesOf = (socket: ScriptedSocket) =>
  socket.sent.map((bytes) => {
    const frame = decodeChannelFrame(bytes);
    if (frame === undefined) throw new Error("not a frame");
    return frame;
  });
const openingsOf = (socket: ScriptedSocket): unknown[] =>
  framesOf(socket)
    .filter(({ type }) => type === CHANNEL_FRAME.open)
    .map(({ payload }): unknown => JSON.parse(textOf(payload)));
const say = (
  socket: ScriptedSocket,
  channel: number,
  type: keyof typeof CHANNEL_FRAME,
  payload: Uint8Array = new Uint8Array(),
) => socket.say(...encodeChannelFrame({ channel, type: CHANNEL_FRAME[type], payload }));
const end = (socket: ScriptedSocket, channel: number, code: number): void =>
  say(socket, channel, "close", encodeClosing({ code, reason: "" }));

const setUp = () => {
  const time = manualTime();
  const opened: ScriptedSocket[] = [];
  const paths: string[] = [];
  const sockets = createProjectSockets({
    open: async (path) => {
      paths.push(path);
      const socket = new ScriptedSocket();
      opened.push(socket);
      return socket as unknown as WebSocket;
    },
    environment: time.environment,
  });
  const open = (opening: Parameters<typeof sockets.openChannel>[1], { stopAt = 0, isUrgent = false } = {}) => {
    const told: (string | number)[] = [];
    const channel: PageChannel = sockets.openChannel("p", opening, {
      onOpen: () => void told.push("open"),
      onFrame: (frame) => void told.push(typeof frame === "string" ? frame : `${frame.byteLength} bytes`),
      onClose: (code) => {
        told.push(code);
        return code === stopAt ? "stop" : "again";
      },
      isUrgent: () => isUrgent,
    });
    return { channel, told };
  };
  return {
    ...time,
    sockets,
    opened,
    paths,
    open,
    last: () => opened.at(-1) as ScriptedSocket,
    document: (fileId: string, options?: { stopAt?: number }) =>
      open(() => ({ kind: "document", fileId, v: 1 }), options),
    events: () => open(() => ({ kind: "events" })),
    run: () => open(() => ({ kind: "run", executionId: "e" })),
  };
};

it("knows the close codes that are final, as the API numbers them", () => {
  expect(FINAL_CLOSE_CODES).toEqual([4403, 4404]);
});

describe("the project's socket", () => {
  it("is shared by all channels, later ones included, and is closed with the last", async () => {
    const page = setUp();
    const channels = [page.document("a"), page.events()];
    await page.advance(0);
    page.last().accept();
    channels.push(page.run());
    await page.advance(0);
    expect(page.paths).toEqual(["/api/projects/p/socket"]);
    expect(openingsOf(page.last())).toEqual([
      { kind: "document", fileId: "a", v: 1 },
      { kind: "events" },
      { kind: "run", executionId: "e" },
    ]);
    expect(channels.map(({ told }) => told)).toEqual([["open"], ["open"], ["open"]]);
    say(page.last(), 2, "text", utf8("hello"));
    say(page.last(), 3, "data", new Uint8Array(5));
    expect(channels.map(({ told }) => told.slice(1))).toEqual([[], ["hello"], ["5 bytes"]]);
    for (const { channel } of channels) {
      expect(page.last().readyState).toBe(WebSocket.OPEN);
      channel.close();
    }
    expect(page.last().readyState).toBe(WebSocket.CLOSED);
    await page.advance(60_000);
    page.document("b");
    await page.advance(0);
    expect(page.opened).toHaveLength(2);
  });

  it("opens every channel again after a reconnect, with the parameters that each has then", async () => {
    const page = setUp();
    let since = 1;
    const events = page.open(() => ({ kind: "events", since }));
    const document = page.document("a");
    await page.advance(0);
    page.last().accept();
    since = 7;
    page.last().end(1012);
    expect([events.channel.isOpen, document.channel.send("lost")]).toEqual([false, false]);
    await page.advance(200);
    page.last().accept();
    expect(openingsOf(page.last())).toEqual([
      { kind: "events", since: 7 },
      { kind: "document", fileId: "a", v: 1 },
    ]);
    expect(document.told).toEqual(["open", 1012, "open"]);
  });

  it("stays open when the server closes one channel, which is opened again after the delay of its close code", async () => {
    const page = setUp();
    const [moved, busy, gone, events] = [
      page.document("moved"),
      page.document("busy"),
      page.document("gone", { stopAt: 4404 }),
      page.events(),
    ];
    await page.advance(0);
    page.last().accept();
    for (const [channel, code] of [
      [1, CLOSE.moving],
      [2, CLOSE.overloaded],
      [3, CLOSE.notFound],
    ] as const)
      end(page.last(), channel, code);
    await page.advance(300);
    expect([moved, busy, gone, events].map(({ told }) => told)).toEqual([
      ["open", 1012, "open"],
      ["open", 1013],
      ["open", 4404],
      ["open"],
    ]);
    await page.advance(3_000);
    expect(busy.told).toEqual(["open", 1013, "open"]);
    expect([gone.channel.isOpen, page.opened.length]).toEqual([false, 1]);
    page.last().end(1006);
    await page.advance(300);
    page.last().accept();
    expect(openingsOf(page.last())).toHaveLength(3);
  });

  it("is opened again for another sign-in, and one channel at its owner's request", async () => {
    const page = setUp();
    const [document, events] = [page.document("a"), page.events()];
    await page.advance(0);
    page.last().accept();
    document.channel.restart();
    expect(openingsOf(page.last())).toHaveLength(3);
    say(page.last(), 1, "text", utf8("late, to the channel before"));
    say(page.last(), 3, "text", utf8("to the new one"));
    expect(document.told).toEqual(["open", "open", "to the new one"]);
    page.sockets.restart("p");
    await page.advance(0);
    page.last().accept();
    expect(page.opened).toHaveLength(2);
    expect(events.told).toEqual(["open", 1012, "open"]);
  });

  it("is retried at once when the user types, and so is a waiting channel", async () => {
    const page = setUp();
    const document = page.document("a");
    await page.advance(0);
    for (let tries = 0; tries < 6; tries += 1) {
      page.last().end(1006);
      await page.advance(6_000);
    }
    page.last().end(1006);
    await page.advance(1_000);
    const before = page.opened.length;
    document.channel.hurry();
    await page.advance(0);
    expect(page.opened).toHaveLength(before + 1);
    page.last().accept();
    await page.advance(1_100);
    end(page.last(), 1, CLOSE.overloaded);
    expect(document.channel.isOpen).toBe(false);
    document.channel.hurry();
    expect(document.channel.isOpen).toBe(true);
  });
});

describe("credit", () => {
  it("[K12] blocks only the channel that has none; frames are sent in pieces of at most 16 KiB", async () => {
    const page = setUp();
    const [run, document] = [page.run(), page.document("a")];
    await page.advance(0);
    const socket = page.last();
    socket.accept();
    run.channel.send(new Uint8Array(100_000));
    const pieces = () => framesOf(socket).filter(({ channel, type }) => channel === 1 && type !== CHANNEL_FRAME.open);
    const sentBytes = () =>
      pieces()
        .filter(({ type }) => type === CHANNEL_FRAME.more || type === CHANNEL_FRAME.data)
        .reduce((sum, { payload }) => sum + payload.byteLength, 0);
    expect(sentBytes()).toBeLessThanOrEqual(16_384 + 1_024);
    document.channel.send(utf8("key"));
    expect(framesOf(socket).at(-1)).toMatchObject({ channel: 2, type: CHANNEL_FRAME.data });
    for (let turn = 0; turn < 10; turn += 1) say(socket, 1, "credit", encodeCredit(16_384));
    expect(sentBytes()).toBe(100_000);
    expect(pieces().at(-1)?.type).toBe(CHANNEL_FRAME.data);
    expect(Math.max(...socket.sent.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(16_384);
  });

  it("[K13] frames of a document are sent before others that wait for a full socket", async () => {
    const page = setUp();
    const [run, document] = [page.run(), page.document("a")];
    await page.advance(0);
    const socket = page.last();
    socket.accept();
    socket.bufferedAmount = 40_000;
    run.channel.send("typed for the program");
    document.channel.send("a key");
    expect(framesOf(socket).some(({ type }) => type === CHANNEL_FRAME.text)).toBe(false);
    socket.bufferedAmount = 0;
    await page.advance(20);
    const sent = framesOf(socket).filter(({ type }) => type === CHANNEL_FRAME.text);
    expect(sent.map(({ channel }) => channel)).toEqual([2, 1]);
  });

  it("[K32] grows on a connection that transfers a window in a round trip, and not on a slower one", async () => {
    const page = setUp();
    page.run();
    await page.advance(0);
    const socket = page.last();
    socket.accept();
    const granted = () =>
      framesOf(socket)
        .filter(({ type }) => type === CHANNEL_FRAME.credit)
        .reduce((sum, { payload }) => sum + (decodeCredit(payload) ?? 0), 16_384);
    let takenBytes = 0;
    /** A frame of 4 KiB, credit and all, arrives every so many milliseconds. */
    const receive = async (frames: number, everyMs: number): Promise<void> => {
      for (let frame = 0; frame < frames; frame += 1) {
        await page.advance(everyMs);
        say(socket, 1, "data", new Uint8Array(4_032));
        takenBytes += 4_096;
      }
    };
    await page.advance(100);
    say(socket, 0, "pong");
    await receive(40, 33);
    expect(granted() - takenBytes).toBe(16_384);
    await receive(4, 26);
    expect(granted() - takenBytes).toBe(32_768);
    // The page was busy, and now reads queued frames.
    await receive(80, 0);
    expect(granted() - takenBytes).toBeLessThanOrEqual(32_768);
  });

  it("[K3][K15] is given for received frames, the pieces of a large frame included, and the frame arrives complete", async () => {
    const page = setUp();
    const document = page.document("a");
    await page.advance(0);
    const socket = page.last();
    socket.accept();
    const granted = () =>
      framesOf(socket)
        .filter(({ type }) => type === CHANNEL_FRAME.credit)
        .reduce((sum, { payload }) => sum + (decodeCredit(payload) ?? 0), 16_384);
    const window = granted();
    expect(window).toBe(1024 * 1024);
    for (let piece = 0; piece < 100; piece += 1) say(socket, 1, "more", new Uint8Array(16_000));
    say(socket, 1, "data", new Uint8Array(1));
    expect(document.told.at(-1)).toBe("1600001 bytes");
    expect(granted() - window).toBeGreaterThan(1_600_000 - window / 4);
    expect(granted() - window).toBeLessThanOrEqual(1_600_065);
  });
});
