import type { Actor } from "#kernel/actor";
import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { actorNamed, createScene, helloRequest, PROJECT, settle, type Scene } from "./execution-fixture.ts";
import { openStream } from "./stream.ts";

const [ada, bob] = [actorNamed("ada"), actorNamed("bob")];
const interactive = { interactive: true };

/** A socket's server side without a network: what matters here is what is sent and how it closes. */
class Wire extends EventEmitter {
  readonly OPEN = WebSocket.OPEN;
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  closed: number | undefined;
  readonly sent: unknown[] = [];
  send(data: unknown): void {
    this.sent.push(data);
  }
  pause(): void {}
  resume(): void {}
  close(code: number): void {
    if (this.closed !== undefined) return;
    this.closed = code;
    this.readyState = WebSocket.CLOSED;
    this.emit("close");
  }
}

const open = (scene: Scene, id: string, actor: Actor, service: Pick<Scene["service"], "follow"> = scene.service) => {
  const wire = new Wire();
  const call = {
    socket: wire as unknown as WebSocket,
    params: { id },
    query: new URLSearchParams(),
    actor,
    request: { id: "r", address: "127.0.0.1" },
  };
  const opened = openStream(call, { service, bus: scene.bus, clock: scene.clock, log: scene.log });
  return { wire, opened };
};

it("[X1] an execution's id in capitals is the same id", async () => {
  const scene = await createScene();
  const live = await scene.service.submit(ada, helloRequest, interactive);
  await settle();
  const { wire, opened } = open(scene, live.facts.id.toUpperCase(), ada);
  await opened;
  expect(wire.closed).toBeUndefined();
  expect(wire.sent.length).toBeGreaterThan(0);
  wire.close(1000);
});
