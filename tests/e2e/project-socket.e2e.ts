/** One socket for a whole project: a document, events and a run in numbered channels, with the real server behind it. */
import { MESSAGE, type ProjectEventFrame, type StreamServerMessage } from "@atelier/contracts";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { systemClock } from "../../packages/server/src/kernel/clock.ts";
import { createWsChannel } from "../../packages/server/src/platform/channels/adapters/ws-channel.ts";
import { createMultiplexer } from "../../packages/server/src/platform/channels/multiplexer.ts";
import { type Channel, type Frame, frameCost } from "../../packages/server/src/platform/channels/ports.ts";
import { signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const hear = (channel: Channel, handler: (frame: Frame) => void): void =>
  channel.onFrame((frame) => {
    handler(frame);
    channel.credit(frameCost(frame));
  });

const syncMessage = (subType: number, bytes: Uint8Array): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, subType);
    encoding.writeVarUint8Array(encoder, bytes);
  });

/** A document over a channel, as a stock client would keep it. */
const openDocument = (channel: Channel): Y.Doc => {
  const doc = new Y.Doc();
  hear(channel, (frame) => {
    const decoder = decoding.createDecoder(frame as Uint8Array);
    if (decoding.readVarUint(decoder) !== MESSAGE.sync) return;
    const subType = decoding.readVarUint(decoder);
    const bytes = decoding.readVarUint8Array(decoder);
    if (subType === 0) channel.send(syncMessage(1, Y.encodeStateAsUpdate(doc, bytes)));
    else Y.applyUpdate(doc, bytes, channel);
  });
  doc.on("update", (update: Uint8Array, origin) => {
    if (origin !== channel) channel.send(syncMessage(2, update));
  });
  channel.send(syncMessage(0, Y.encodeStateVector(doc)));
  return doc;
};

it("[K12][K18] a document, events and a run share one socket; a program that does not read its input delays no key", async () => {
  const client = await signInAsGuest(server.origin);
  const project = await client.createProject({ name: "one socket" });
  const notes = await client.createFile(project.id, "notes.txt", "hello");
  await client.createFile(project.id, "main.sh", "echo started; sleep 600");
  const answer = await fetch(`${server.origin}/api/tickets`, {
    method: "POST",
    headers: { authorization: `Bearer ${client.token}` },
  });
  const { ticket } = (await answer.json()) as { ticket: string };
  const socket = new WebSocket(
    `${server.origin.replace("http", "ws")}/api/projects/${project.id}/socket?ticket=${ticket}`,
  );
  const carrier = createWsChannel(socket, () => () => undefined);
  await once(socket, "open");
  const page = createMultiplexer({ carrier, clock: systemClock, reserve: () => () => undefined });
  const open = (opening: object): Channel =>
    page.open(JSON.stringify(opening), { priority: 0, maxFrameBytes: 8 * 1_048_576 });

  const types: string[] = [];
  hear(open({ kind: "events" }), (frame) => types.push((JSON.parse(String(frame)) as ProjectEventFrame).event.type));
  const [mine, theirs] = [0, 1].map(() => openDocument(open({ kind: "document", fileId: notes.id, v: 1 })));
  if (mine === undefined || theirs === undefined) throw new Error("no documents");
  await eventually(() => expect(theirs.getText("content").toJSON()).toBe("hello"));
  await eventually(() => expect(mine.getText("content").toJSON()).toBe("hello"));

  const execution = await client.startExecution({ projectId: project.id, language: "bash", entryPoint: "main.sh" });
  const run = open({ kind: "run", executionId: execution.id });
  let output = "";
  const messages: StreamServerMessage[] = [];
  hear(run, (frame) => {
    if (typeof frame === "string") messages.push(JSON.parse(frame) as StreamServerMessage);
    else output += Buffer.from(frame.subarray(1)).toString();
  });
  await eventually(() => expect(output).toContain("started"));
  // The program never reads: what is pasted fills its input, then the channel.
  for (let at = 0; at < 40; at += 1) run.send(Buffer.alloc(200_000, 97));
  await eventually(() => expect(run.unsentBytes).toBeLessThan(8_000_000));
  mine.getText("content").insert(5, ", world");
  await eventually(() => expect(theirs.getText("content").toJSON()).toBe("hello, world"));
  expect(run.unsentBytes).toBeGreaterThan(1_000_000);
  expect(types[0]).toBe("hello");

  run.close(1000, "");
  await fetch(`${server.origin}/api/executions/${execution.id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${client.token}` },
  });
  const again = open({ kind: "run", executionId: execution.id });
  hear(again, (frame) => {
    if (typeof frame === "string") messages.push(JSON.parse(frame) as StreamServerMessage);
  });
  expect((await again.closed).code).toBe(1000);
  expect(messages.at(-1)).toMatchObject({ type: "exit", execution: { status: "cancelled" } });
  socket.terminate();
}, 120_000);
