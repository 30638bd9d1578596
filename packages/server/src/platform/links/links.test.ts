import { CLOSE } from "@atelier/contracts";
import { describe, expect, test, vi } from "vitest";
import { createManualClock, systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { Actor } from "#kernel/actor";
import { type Channel, type Frame, frameCost } from "#platform/channels";
import type { Edge, SocketCall } from "#platform/http";
import { createMemoryChannels } from "../channels/adapters/memory-channel.ts";
import { createNodeCalls } from "./calls.ts";
import { linkKey } from "./link-key.ts";
import { pipe } from "./pipe.ts";
import { createRelay, servingRelays } from "./relay.ts";
import { testSocketCall } from "../http/test-socket-call.ts";
import { createTestLinks } from "./test-links.ts";

const PATH = "/collaborate/:projectId/:fileId";
const alice: Actor = { userId: "u", kind: "guest", name: "Alice", plan: "free", signInId: "s" };
const node = { id: "b", address: "b" };

const collect = (channel: Channel): Frame[] => {
  const frames: Frame[] = [];
  channel.onFrame((frame) => {
    frames.push(typeof frame === "string" ? frame : Buffer.from(frame));
    channel.credit(frameCost(frame));
  });
  return frames;
};

const setUp = () => {
  const network = createTestLinks();
  const [here, there] = [network.add("a"), network.add("b")];
  const served: SocketCall[] = [];
  const audited: unknown[] = [];
  const bound: string[] = [];
  const edge: Edge = { bind: () => undefined, socket: (path) => void bound.push(path) };
  const serving = servingRelays(edge, { links: there, audit: { record: (entry) => void audited.push(entry) } });
  serving.socket(PATH, { maxFrameBytes: 1_000 }, (call) => void served.push(call));
  const relay = createRelay({ links: here, log: silentLog });
  const open = (changes: Partial<SocketCall> = {}) => {
    const [page, channel] = createMemoryChannels();
    const call = testSocketCall({
      channel,
      path: PATH,
      params: { projectId: "p", fileId: "f" },
      query: new URLSearchParams("v=1&generation=2"),
      actor: alice,
      request: { id: "r", address: "192.0.2.1" },
      ...changes,
    });
    return { page, call, isRelayed: relay(call, node) };
  };
  const firstServed = async (): Promise<SocketCall> => {
    await vi.waitFor(() => expect(served).toHaveLength(1));
    const [call] = served;
    if (call === undefined) throw new Error("not served");
    return call;
  };
  return { network, here, there, served, audited, bound, open, firstServed };
};

describe("[K29] a relayed channel", () => {
  test("is served by the other node's handler, with the user, the parameters and the client's address", async () => {
    const { audited, bound, open, firstServed } = setUp();
    const { page, isRelayed } = open();
    page.send("before anybody served");
    const call = await firstServed();
    expect(isRelayed).toBe(true);
    expect(bound).toEqual([PATH]);
    expect(call).toMatchObject({ path: PATH, params: { projectId: "p", fileId: "f" }, actor: alice, isRelayed: true });
    expect(call.query.toString()).toBe("v=1&generation=2");
    const [atNode, atPage] = [collect(call.channel), collect(page)];
    call.channel.send(Buffer.from("bytes"));
    page.send("text");
    await vi.waitFor(() =>
      expect([atNode, atPage]).toEqual([["before anybody served", "text"], [Buffer.from("bytes")]]),
    );
    call.audit({ action: "document.edit", projectId: "p", target: "f" });
    expect(audited).toEqual([
      { action: "document.edit", projectId: "p", target: "f", userId: "u", address: "192.0.2.1", requestId: "r" },
    ]);
    call.channel.send("the last word");
    call.channel.close(1000, "ended");
    expect(await page.closed).toEqual({ code: 1000, reason: "ended" });
    expect(atPage.at(-1)).toBe("the last word");
  });

  test("is not relayed twice, and not to a node that announced no address", () => {
    const { open, served } = setUp();
    expect(open({ isRelayed: true }).isRelayed).toBe(false);
    const network = createTestLinks();
    const relay = createRelay({ links: network.add("a"), log: silentLog });
    expect(relay(open().call, { id: "c", address: null })).toBe(false);
    expect(served).toEqual([]);
  });

  test("ends with the link, and its page gets 1012 and can open it again", async () => {
    const { network, open, firstServed, served } = setUp();
    const { page } = open();
    const call = await firstServed();
    network.cut();
    expect((await page.closed).code).toBe(CLOSE.moving);
    expect((await call.channel.closed).code).not.toBe(1000);
    expect((await open().page.closed).code).toBe(CLOSE.overloaded);
    network.mend();
    open();
    await vi.waitFor(() => expect(served).toHaveLength(2));
  });

  test("when the page closes it, it also closes on the other node", async () => {
    const { open, firstServed } = setUp();
    const { page } = open();
    const { channel } = await firstServed();
    page.close(CLOSE.signedOut, "signed out");
    expect((await channel.closed).code).toBe(CLOSE.signedOut);
  });

  test.each([
    ["a path that no socket has", { path: "/other" }],
    ["no user", { actor: undefined }],
    ["a user with a role of its own", { actor: { ...alice, role: "owner" } }],
    ["no body", undefined],
  ])("with %s is refused", async (_name, changes) => {
    const { here, served } = setUp();
    const good = { path: PATH, params: {}, query: "", actor: alice, request: { id: "r", address: "" } };
    const body = changes === undefined ? null : { ...good, ...changes };
    const channel = await here.open("b", { kind: "relay", body }, { priority: 0, maxFrameBytes: 1_000 });
    expect([CLOSE.badMessage, CLOSE.notFound]).toContain((await channel.closed).code);
    expect(served).toEqual([]);
  });

  test("of an unknown kind is refused", async () => {
    const { here } = setUp();
    const channel = await here.open("b", { kind: "other", body: {} }, { priority: 0, maxFrameBytes: 1_000 });
    expect((await channel.closed).code).toBe(CLOSE.notFound);
  });
});

test("[K30] a pipe accepts no more than its window from a sender whose reader gives no credit, and loses no frame", async () => {
  const [sender, near] = createMemoryChannels();
  const [far, reader] = createMemoryChannels();
  pipe(near, far);
  for (let count = 0; count < 1_000; count += 1) sender.send(Buffer.alloc(4_000, count));
  expect(sender.unsentBytes).toBeGreaterThan(3_500_000);
  const got = collect(reader);
  await vi.waitFor(() => expect(got).toHaveLength(1_000));
  expect(got.every((frame, index) => (frame as Buffer)[0] === index % 256)).toBe(true);
  expect([sender.unsentBytes, far.unsentBytes]).toEqual([0, 0]);
});

const codeOf = (question: Promise<unknown>): Promise<unknown> =>
  question.then(
    () => "answered",
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

describe("[K31] a request to another node", () => {
  const ask = () => {
    const network = createTestLinks();
    const [here, there] = [network.add("a"), network.add("b")];
    const clock = createManualClock();
    return { network, clock, near: createNodeCalls(here, clock), far: createNodeCalls(there, systemClock) };
  };

  test("is answered with a value of any size, or with the problem that was thrown", async () => {
    const { near, far } = ask();
    far.answer("twice", async (body) => [body, body]);
    far.answer("large", async () => "x".repeat(3_000_000));
    far.answer("nothing", async () => undefined);
    far.answer("fails", async () => {
      throw new Problem("projects/role-too-low", "You may not.", { retryAfterSeconds: 3 });
    });
    far.answer("breaks", async () => {
      throw new Error("a secret of the other node");
    });
    expect(await near.ask(node, "twice", { a: 1 })).toEqual([{ a: 1 }, { a: 1 }]);
    expect(await near.ask(node, "large", {})).toHaveLength(3_000_000);
    expect(await near.ask(node, "nothing", {})).toBe(null);
    const problem = near.ask(node, "fails", {});
    await expect(problem).rejects.toMatchObject({ code: "projects/role-too-low", detail: "You may not." });
    await expect(near.ask(node, "breaks", {})).rejects.toMatchObject({ code: "server/internal", detail: undefined });
  });

  test("fails as unavailable without a response: an unknown node, an unknown request, a cut link, and after 10 s", async () => {
    const { near, far, network, clock } = ask();
    let asked = 0;
    far.answer("never", () => {
      asked += 1;
      return new Promise(() => undefined);
    });
    const unavailable = { code: "server/unavailable" };
    await expect(near.ask({ id: "c", address: "c" }, "never", {})).rejects.toMatchObject(unavailable);
    await expect(near.ask({ id: "d", address: null }, "never", {})).rejects.toMatchObject(unavailable);
    await expect(near.ask(node, "unknown", {})).rejects.toMatchObject(unavailable);
    const late = codeOf(near.ask(node, "never", {}));
    await vi.waitFor(() => expect(asked).toBe(1));
    clock.advance(10_000);
    expect(await late).toBe("server/unavailable");
    const cut = codeOf(near.ask(node, "never", {}));
    await vi.waitFor(() => expect(asked).toBe(2));
    network.cut();
    expect(await cut).toBe("server/unavailable");
  });
});

test("the key of links differs from the secret key, and is the same for the same secret", () => {
  const secret = Buffer.alloc(32, 1);
  expect(linkKey(secret)).toHaveLength(32);
  expect(linkKey(secret)).not.toEqual(secret);
  expect(linkKey(secret)).toEqual(linkKey(Buffer.from(secret)));
  expect(linkKey(Buffer.alloc(32, 2))).not.toEqual(linkKey(secret));
});
