import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type ChannelPair, describeChannel } from "../ports.contract.ts";
import { type Frame, frameCost, type Reserve } from "../ports.ts";
import { createWsChannel } from "./ws-channel.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** @param isDirect the server's channel writes frames to the connection directly */
const open = async (reserve: Reserve, isDirect: boolean): Promise<ChannelPair> => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[WebSocket, IncomingMessage]>;
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const far = createWsChannel(client, () => () => undefined);
  const [socket, request] = await accepted;
  const near = createWsChannel(socket, reserve, isDirect ? request.socket : undefined);
  await once(client, "open");
  cleanUps.push(() => {
    client.terminate();
    for (const each of server.clients) each.terminate();
    server.close();
  });
  // The bytes of one read are parsed to their end.
  return { near, far, overrunBytes: 70_000 };
};

describeChannel("ws", (reserve) => open(reserve, false));
describeChannel("ws, frames put on the connection directly", (reserve) => open(reserve, true));

test("[K1] frames of all lengths and kinds keep their order and bytes when some go through ws and some directly", async () => {
  const { near, far } = await open(() => () => undefined, true);
  const got: Frame[] = [];
  far.onFrame((frame) => {
    got.push(typeof frame === "string" ? frame : Buffer.from(frame));
    far.credit(frameCost(frame));
  });
  const lengths = [0, 1, 125, 126, 127, 8_192, 8_193, 65_535, 65_536];
  const sent = lengths.flatMap((length): Frame[] => [Buffer.alloc(length, length % 251), `text ${length}`]);
  // One of them to several receivers, as a relayed update is.
  const [shared, other] = [Buffer.from("shared"), Buffer.from("others")];
  sent.push(shared, shared, other, shared, "end", shared);
  for (const frame of sent) near.send(frame);
  await vi.waitFor(() => expect(got).toHaveLength(sent.length), { timeout: 20_000 });
  expect(got).toEqual(sent);
});
