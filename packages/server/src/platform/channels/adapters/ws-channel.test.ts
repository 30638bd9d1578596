import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { describeChannel } from "../ports.contract.ts";
import { createWsChannel } from "./ws-channel.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

describeChannel("ws", async (reserve) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const far = createWsChannel(client, () => () => undefined);
  const [socket] = await accepted;
  const near = createWsChannel(socket, reserve);
  await once(client, "open");
  cleanUps.push(() => {
    client.terminate();
    for (const each of server.clients) each.terminate();
    server.close();
  });
  // What one read of the network brings is parsed to its end.
  return { near, far, overrunBytes: 70_000 };
});
