import { systemClock } from "#kernel/clock";
import { createAccessWatch } from "#platform/channels";
import type { Actor } from "#kernel/actor";
import { sockets, type StreamServerMessage } from "@atelier/contracts";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createWsChannel } from "../../platform/channels/adapters/ws-channel.ts";
import { ServerSocket } from "../../platform/http/adapters/server-socket.ts";
import { actorNamed, createScene, helloRequest, PROJECT, settle, type Scene } from "./execution-fixture.ts";
import { testSocketCall } from "../../platform/http/test-socket-call.ts";
import { openStream } from "./stream.ts";

const ada = actorNamed("ada");
const bob = actorNamed("bob");
const interactive = { interactive: true };
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

type Listener = {
  readonly socket: WebSocket;
  readonly messages: StreamServerMessage[];
  /** Everything in order: status and exit by name, output as `stream:text`. */
  readonly log: string[];
  readonly bytes: (stream: number) => Buffer;
  readonly closed: Promise<number>;
  /** The server does not read from it. */
  readonly isPaused: () => boolean;
};

const listen = async (scene: Scene, id: string, actor: Actor = ada): Promise<Listener> => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", WebSocket: ServerSocket });
  await once(server, "listening");
  server.on("connection", (accepted) => {
    accepted.on("error", () => undefined);
    const call = testSocketCall({
      channel: createWsChannel(accepted, () => () => undefined),
      params: { id },
      path: sockets.executionStream,
      actor,
    });
    void openStream(call, {
      relay: () => false,
      service: scene.service,
      watch: createAccessWatch({ bus: scene.bus, log: scene.log }),
      clock: scene.clock,
      log: scene.log,
    });
  });
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  cleanUps.push(() => {
    socket.terminate();
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const messages: StreamServerMessage[] = [];
  const log: string[] = [];
  const chunks: Buffer[] = [];
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) {
      chunks.push(data);
      log.push(`${data[0]}:${data.subarray(1, 40).toString()}`);
      return;
    }
    const message = JSON.parse(data.toString()) as StreamServerMessage;
    messages.push(message);
    log.push(message.type === "exit" ? "exit" : message.execution.status);
  });
  const closed = once(socket, "close").then(([code]) => code as number);
  await once(socket, "open");
  await settle();
  const bytes = (stream: number): Buffer =>
    Buffer.concat(chunks.filter((chunk) => chunk[0] === stream).map((chunk) => chunk.subarray(1)));
  const isPaused = (): boolean => [...server.clients].every((client) => client.isPaused);
  return { socket, messages, log, bytes, closed, isPaused };
};

const start = async (scene: Scene, request: object = {}) => {
  const live = await scene.service.submit(ada, { ...helloRequest, ...request }, interactive);
  await settle();
  const run = scene.provider.runs.at(-1);
  if (run === undefined) throw new Error("nothing runs");
  run.stage("run");
  return { live, run };
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 2000 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
};

describe("the stream of an execution", () => {
  it("[X15][X16] first and late listeners get everything in order, the exit last, then close 1000", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    const first = await listen(scene, live.facts.id);
    run.output("stdout", "one");
    run.output("stderr", "two");
    await until(() => first.log.length === 3);
    const second = await listen(scene, live.facts.id);
    run.output("stdout", "three");
    await until(() => second.log.length === 4);
    run.end({ kind: "exited", exitCode: 4 });
    expect(await Promise.all([first.closed, second.closed])).toEqual([1000, 1000]);
    const late = await listen(scene, live.facts.id);
    expect(await late.closed).toBe(1000);
    const expected = ["1:one", "2:two", "1:three", "exit"];
    expect(first.log).toEqual(["running", ...expected]);
    expect(second.log).toEqual(["running", ...expected]);
    expect(late.log).toEqual(["failed", ...expected]);
    expect(first.messages.at(-1)?.execution).toMatchObject({ exitCode: 4, stdout: "onethree", stderr: "two" });
    expect(first.messages[0]?.execution.stdout).toBe("");
  });

  it.each(["no-id", "", "00000000-0000-7000-8000-00000000000g"])(
    "[X1] a stream of %j, which can't be one, is closed with 4404 and no fault of ours",
    async (id) => {
      const scene = await createScene();
      scene.store.find = () => Promise.reject(new Error("invalid input syntax for type uuid"));
      const { closed } = await listen(scene, id);
      expect(await closed).toBe(4404);
      expect(scene.lines.filter(({ event }) => event === "execution.stream-failed")).toEqual([]);
    },
  );

  it("[X15] long after the end the captured text is replayed from the row", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene, { tty: true });
    run.output("terminal", "hi \u0000é");
    run.end({ kind: "exited", exitCode: 0 });
    await settle();
    scene.manual.advance(61_000);
    expect(scene.registry.get(live.facts.id)).toBeUndefined();
    const late = await listen(scene, live.facts.id);
    expect(await late.closed).toBe(1000);
    expect(late.log).toEqual(["succeeded", "3:hi \u0000é", "exit"]);
  });

  it("raw bytes arrive as written, the captured text replaces what is not UTF-8 and keeps split characters whole", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    const listener = await listen(scene, live.facts.id);
    const bytes = Buffer.concat([Buffer.from("é€😀"), Buffer.from([0xff, 0x41])]);
    for (const byte of bytes) run.output("stdout", Uint8Array.of(byte));
    run.end({ kind: "exited", exitCode: 0 });
    await listener.closed;
    expect(listener.bytes(1)).toEqual(bytes);
    expect(live.snapshot({ output: true }).stdout).toBe("é€😀\ufffdA");
  });

  it("input, signals, sizes and the end of input reach the program in order", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    const { socket } = await listen(scene, live.facts.id);
    socket.send(Buffer.from("a"));
    socket.send(Buffer.from("b"));
    socket.send(JSON.stringify({ type: "resize", columns: 100, rows: 30 }));
    socket.send(JSON.stringify({ type: "signal", signal: "SIGINT" }));
    socket.send(JSON.stringify({ type: "stdin-end" }));
    await until(() => run.events.length === 3);
    expect(Buffer.concat(run.stdin).toString()).toBe("ab");
    expect(run.events).toEqual(["100x30", "SIGINT", "stdin-end"]);
  });

  it.each([
    "{",
    '{"type":"dance"}',
    '{"type":"signal","signal":"SIGSTOP"}',
    '{"type":"resize","columns":1e9,"rows":1}',
  ])("the message %s closes with 4400", async (text) => {
    const scene = await createScene();
    const { live } = await start(scene);
    const { socket, closed } = await listen(scene, live.facts.id);
    socket.send(text);
    expect(await closed).toBe(4400);
  });

  it("[X18] while the program does not take input, the socket is not read", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    run.takesInput = false;
    const { socket, isPaused } = await listen(scene, live.facts.id);
    for (let i = 0; i < 64; i += 1) socket.send(Buffer.alloc(262_144));
    await until(() => run.stdin.length > 0 && isPaused());
    expect(run.stdin.length).toBeLessThan(8);
    run.takesInput = true;
    run.drain();
    await until(() => run.stdin.length === 64);
  });

  it("[X1][X19] strangers get 4404, viewers see and may not type, removed members and ended sign-ins are closed", async () => {
    const scene = await createScene();
    scene.roles.set(ada.userId, "editor").set(bob.userId, "viewer");
    const eve = actorNamed("eve", "free");
    const live = await scene.service.submit(
      ada,
      { projectId: PROJECT, language: "python", entryPoint: "main.py" },
      interactive,
    );
    expect(await (await listen(scene, live.facts.id, eve)).closed).toBe(4404);
    expect(await (await listen(scene, "not-an-id", ada)).closed).toBe(4404);
    const viewer = await listen(scene, live.facts.id, bob);
    scene.provider.runs[0]?.stage("run");
    scene.provider.runs[0]?.output("stdout", "seen");
    await until(() => viewer.log.includes("1:seen"));
    viewer.socket.send(Buffer.from("typed"));
    expect(await viewer.closed).toBe(4403);
    expect(scene.provider.runs[0]?.stdin).toEqual([]);
    const removed = await listen(scene, live.facts.id, bob);
    scene.roles.delete(bob.userId);
    scene.bus.publish("rights-changed", { projectId: PROJECT, userId: bob.userId });
    expect(await removed.closed).toBe(4403);
    const signedOut = await listen(scene, live.facts.id, ada);
    scene.bus.publish("sign-in-ended", { signInId: ada.signInId });
    expect(await signedOut.closed).toBe(4401);
  });

  it("[X12] an interactive run that its last listener left ends after 60 s, unless somebody comes back", async () => {
    const scene = await createScene();
    const live = await scene.service.submit(actorNamed("ada", "premium"), helloRequest, interactive);
    await settle();
    scene.provider.runs[0]?.stage("run");
    const leave = async (): Promise<void> => {
      const { socket, closed } = await listen(scene, live.facts.id);
      socket.close();
      await closed;
      await settle();
    };
    await leave();
    scene.manual.advance(59_000);
    await leave();
    scene.manual.advance(59_999);
    expect(live.state.status).toBe("running");
    scene.manual.advance(1);
    await live.ended;
    expect(live.snapshot({ output: false }).status).toBe("cancelled");
  });

  it("[X17] a starter that does not read pauses the program, and goes on when it reads", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    const { socket, bytes } = await listen(scene, live.facts.id);
    socket.pause();
    let written = 0;
    while (!run.paused && written < 512) {
      run.output("stdout", Buffer.alloc(65_536, 97));
      written += 1;
      await settle();
    }
    expect(run.paused).toBe(true);
    socket.resume();
    await until(() => !run.paused && bytes(1).length === written * 65_536);
  });

  it("[X17] one that never reads again is closed with 1013 and lets the program go on", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    const { socket, closed } = await listen(scene, live.facts.id);
    socket.pause();
    for (let i = 0; i < 512 && !run.paused; i += 1) {
      run.output("stdout", Buffer.alloc(65_536));
      await settle();
    }
    expect(run.paused).toBe(true);
    scene.manual.advance(10_000);
    await settle();
    scene.manual.advance(10_000);
    expect(run.paused).toBe(false);
    socket.resume();
    expect(await closed).toBe(1013);
  });

  it("[X17] an onlooker that does not read is sent away and never pauses the program", async () => {
    const scene = await createScene({ clock: systemClock });
    scene.roles.set(ada.userId, "editor").set(bob.userId, "viewer");
    const live = await scene.service.submit(
      ada,
      { projectId: PROJECT, language: "python", entryPoint: "main.py" },
      interactive,
    );
    await settle();
    const run = scene.provider.runs[0];
    const onlooker = await listen(scene, live.facts.id, bob);
    onlooker.socket.pause();
    for (let i = 0; i < 640; i += 1) {
      run?.output("stdout", Buffer.alloc(65_536));
      await settle();
      expect(run?.paused).toBe(false);
    }
    onlooker.socket.resume();
    expect(await onlooker.closed).toBe(1013);
  });

  it("[X30] a listener beyond the limit is closed with 1013 at once, and others never use up the starter's listeners", async () => {
    const scene = await createScene();
    const users = Array.from({ length: 9 }, (_, index) => actorNamed(`u${index}`));
    scene.roles.set(ada.userId, "editor");
    for (const { userId } of users) scene.roles.set(userId, "viewer");
    const live = await scene.service.submit(
      ada,
      { projectId: PROJECT, language: "python", entryPoint: "main.py" },
      interactive,
    );
    for (let count = 0; count < 8; count += 1)
      for (const user of users.slice(0, 8)) await listen(scene, live.facts.id, user);
    expect(live.listenerCount).toBe(64);
    for (const user of [users[0], users[8]]) expect(await (await listen(scene, live.facts.id, user)).closed).toBe(1013);
    for (let count = 0; count < 8; count += 1) await listen(scene, live.facts.id, ada);
    expect(live.listenerCount).toBe(72);
    expect(await (await listen(scene, live.facts.id, ada)).closed).toBe(1013);
  });

  it("[X30] a socket that is closed while its input is paused gets its close code at once", async () => {
    const scene = await createScene();
    const { live, run } = await start(scene);
    run.takesInput = false;
    const { socket, closed, isPaused } = await listen(scene, live.facts.id);
    socket.send(Buffer.alloc(40_000));
    await until(() => run.stdin.length > 0 && isPaused());
    scene.bus.publish("sign-in-ended", { signInId: ada.signInId });
    expect(await closed).toBe(4401);
    await until(() => live.listenerCount === 0);
  });
});
