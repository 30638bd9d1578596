/** For tests: a real y-protocol server on `ws` whose durability, refusals and death the test decides. */
import { type DocumentFacts, MESSAGE } from "@atelier/contracts";
import * as encoding from "lib0/encoding";
import { type WebSocket as ServerSocket, WebSocketServer } from "ws";
import * as Y from "yjs";
import { awarenessMessage, readLiveMessage, step1Message, step2Message, updateMessage } from "./live-messages.ts";

export interface DocumentServer {
  readonly port: number;
  /** The content of the "log", which survives `kill`. */
  readonly doc: Y.Doc;
  /** Update messages that were taken, in order. */
  readonly taken: Uint8Array[];
  readonly connections: number;
  facts: DocumentFacts;
  /** While false, updates are relayed and neither logged nor confirmed. */
  durable: boolean;
  /** Logs and confirms what was delayed. */
  settle(): void;
  closeAll(code: number): void;
  /** Begins another generation of the document: delayed updates are dropped, all clients are closed. */
  beginGeneration(generation: number): void;
  /** Ends every socket without a close frame and drops updates that were not logged. */
  kill(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Client {
  socket: ServerSocket;
  counted: number;
  /** The last awareness message, which is sent to new clients. */
  awareness: Uint8Array | undefined;
}

export async function startDocumentServer(text = ""): Promise<DocumentServer> {
  const doc = new Y.Doc();
  doc.getText("content").insert(0, text);
  const clients = new Set<Client>();
  const taken: Uint8Array[] = [];
  let waiting: { client: Client; update: Uint8Array; count: number }[] = [];
  let server = await listen(0);
  const port = (server.address() as { port: number }).port;
  serve(server);

  const it: DocumentServer = {
    port,
    doc,
    taken,
    get connections() {
      return clients.size;
    },
    facts: { generation: 1, role: "editor", readOnly: false, eol: "lf" },
    durable: true,
    settle: () => {
      it.durable = true;
      for (const { client, update, count } of waiting) {
        Y.applyUpdate(doc, update);
        client.socket.send(frame(MESSAGE.saved, (encoder) => encoding.writeVarUint(encoder, count)));
      }
      waiting = [];
    },
    closeAll: (code) => {
      for (const { socket } of clients) socket.close(code);
    },
    beginGeneration: (generation) => {
      waiting = [];
      it.durable = true;
      it.facts = { ...it.facts, generation };
      it.closeAll(4409);
    },
    kill: async () => {
      waiting = [];
      for (const { socket } of clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
    restart: async () => serve((server = await listen(port))),
    stop: async () => {
      for (const { socket } of clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return it;

  function serve(on: WebSocketServer) {
    on.on("connection", (socket) => {
      const client: Client = { socket, counted: 0, awareness: undefined };
      clients.add(client);
      socket.on("close", () => clients.delete(client));
      socket.send(frame(MESSAGE.facts, (encoder) => encoding.writeVarString(encoder, JSON.stringify(it.facts))));
      socket.send(step1Message(Y.encodeStateVector(doc)));
      for (const { awareness } of clients) if (awareness) socket.send(awarenessMessage(awareness));
      socket.on("message", (data: Buffer) => take(client, new Uint8Array(data)));
    });
  }
  function take(client: Client, bytes: Uint8Array) {
    const message = readLiveMessage(bytes);
    const others = [...clients].filter((other) => other !== client);
    if (message.kind === "step1") {
      client.socket.send(step2Message(Y.encodeStateAsUpdate(doc, message.stateVector)));
    } else if (message.kind === "awareness") {
      client.awareness = message.payload;
      for (const { socket } of others) socket.send(awarenessMessage(message.payload));
    } else if (message.kind === "step2" || message.kind === "update") {
      if (it.facts.readOnly) return client.socket.close(4403);
      client.counted += 1;
      taken.push(message.update);
      for (const { socket } of others) socket.send(updateMessage(message.update));
      waiting.push({ client, update: message.update, count: client.counted });
      if (it.durable) it.settle();
    }
  }
}

function listen(port: number): Promise<WebSocketServer> {
  return new Promise((resolve, reject) => {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    server.on("listening", () => resolve(server));
    server.on("error", reject);
  });
}

function frame(type: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, type);
    write(encoder);
  });
}
