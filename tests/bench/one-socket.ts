/**
 * Keys on a socket that also carries a program: while 200,000 bytes are pasted into one that reads slowly, and while one prints without end.
 * The client is the page's own socket.
 */
import { MESSAGE, type StartExecution, type Execution } from "@atelier/contracts";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import type { ConnectionEnvironment } from "../../packages/web/src/app/environment.ts";
import { createProjectSockets, type PageChannel } from "../../packages/web/src/app/project-socket.ts";
import { type Client, signInAsGuest } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { type LineShape, openShapedLine } from "../support/shaped-line.ts";
import { openStockClient, type StockClient } from "../support/stock-client.ts";
import { line, summarise } from "./statistics.ts";

const PASTED_BYTES = 200_000;
const KEY_EVERY_MS = 40;
/** The server gives credit for 16 KiB while the program takes 40 kB a second. */
const READS_SLOWLY = `import sys, time
print("begun", flush=True)
while sys.stdin.buffer.raw.read(2000): time.sleep(0.05)
`;
const PRINTS = `print("begun", flush=True)
while True: print("x" * 79)
`;

const environment: ConnectionEnvironment = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  onWake: () => () => undefined,
};

const syncMessage = (subType: number, bytes: Uint8Array): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, subType);
    encoding.writeVarUint8Array(encoder, bytes);
  });

/** The project's socket over a line, with one document and one run. */
const openPage = (client: Client, origin: string, projectId: string) => {
  const sockets = createProjectSockets({
    async open(path) {
      const { ticket } = (await client.call("POST", "/tickets")) as { ticket: string };
      return new WebSocket(`${origin.replace("http", "ws")}${path}?ticket=${ticket}`);
    },
    environment,
  });
  const channels: PageChannel[] = [];
  const document = async (fileId: string): Promise<Y.Text> => {
    const doc = new Y.Doc();
    const synced = Promise.withResolvers<void>();
    const channel = sockets.openChannel(projectId, () => ({ kind: "document", fileId, v: 1 }), {
      onOpen: () => void channel.send(syncMessage(0, Y.encodeStateVector(doc))),
      onFrame(frame) {
        const decoder = decoding.createDecoder(frame as Uint8Array);
        if (decoding.readVarUint(decoder) !== MESSAGE.sync) return;
        const subType = decoding.readVarUint(decoder);
        const bytes = decoding.readVarUint8Array(decoder);
        if (subType === 0) channel.send(syncMessage(1, Y.encodeStateAsUpdate(doc, bytes)));
        else Y.applyUpdate(doc, bytes, channel);
        if (subType === 1) synced.resolve();
      },
      onClose: () => "stop",
    });
    channels.push(channel);
    doc.on("update", (update: Uint8Array, from) => {
      if (from !== channel) channel.send(syncMessage(2, update));
    });
    await synced.promise;
    return doc.getText("content");
  };
  const run = async (executionId: string): Promise<PageChannel> => {
    const begun = Promise.withResolvers<void>();
    const channel = sockets.openChannel(projectId, () => ({ kind: "run", executionId }), {
      onOpen: () => undefined,
      onFrame: (frame) => void (typeof frame !== "string" && begun.resolve()),
      onClose: () => "stop",
    });
    channels.push(channel);
    await begun.promise;
    return channel;
  };
  return { document, run, [Symbol.dispose]: () => channels.forEach((channel) => channel.close()) };
};

/** Delays in ms from an insertion in one text until it is in the other. */
const typeKeys = async (from: Y.Text, to: Y.Text, keys: number): Promise<number[]> => {
  const delays: number[] = [];
  const sent: number[] = [];
  const look = (): void => {
    while (delays.length < to.length - before) delays.push(performance.now() - (sent[delays.length] ?? NaN));
  };
  const before = to.length;
  to.observe(look);
  for (let key = 0; key < keys; key += 1) {
    sent.push(performance.now());
    from.insert(from.length, "k");
    await new Promise((resolve) => setTimeout(resolve, KEY_EVERY_MS));
  }
  const deadline = performance.now() + 60_000;
  while (delays.length < keys) {
    if (performance.now() > deadline) throw new Error(`${keys - delays.length} keys never arrived`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  to.unobserve(look);
  return delays;
};

const measure = async (
  server: TestServer,
  keys: number,
  { name, origin }: { readonly name: string; readonly origin: string },
): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const project = await client.createProject({ name: "one socket" });
  const file = await client.createFile(project.id, "notes.txt", "");
  const start = (content: string): Promise<Execution> => {
    const program = { language: "python", entryPoint: "main.py", files: [{ path: "main.py", content }] };
    return client.startExecution(program satisfies Partial<StartExecution>);
  };
  using page = openPage(client, origin, project.id);
  const mine = await page.document(file.id);
  using other: StockClient = await openStockClient(client, { projectId: project.id, fileId: file.id });

  const quiet = await typeKeys(mine, other.text, keys);
  const reader = await start(READS_SLOWLY);
  const input = await page.run(reader.id);
  input.send(new Uint8Array(PASTED_BYTES).fill(97));
  const pasting = await typeKeys(mine, other.text, keys);
  await client.call("DELETE", `/executions/${reader.id}`);
  const printer = await start(PRINTS);
  await page.run(printer.id);
  const printing = await typeKeys(other.text, mine, keys);
  await client.call("DELETE", `/executions/${printer.id}`);
  return [
    line(`a key, ${name}, nothing else`, summarise(quiet)),
    line(`a key, ${name}, 200,000 bytes pasted`, summarise(pasting)),
    line(`another's key, ${name}, endless output`, summarise(printing)),
  ];
};

const SLOW: LineShape = { bitsPerSecond: 1_000_000, roundTripMs: 100 };

/** @param keys how many are typed in each situation, 25 a second */
export const benchOneSocket = async (server: TestServer, keys: number): Promise<string[]> => {
  await using slow = await openShapedLine(server.port, SLOW);
  return [
    ...(await measure(server, keys, { name: "loopback", origin: server.origin })),
    ...(await measure(server, keys, { name: "1 Mbit/s, 100 ms", origin: slow.origin })),
  ];
};
