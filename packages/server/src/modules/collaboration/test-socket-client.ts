/** For tests: a client that speaks the socket's bytes itself and remembers every message, ours included. */
import { DocumentFactsSchema, MESSAGE, type DocumentFacts } from "@atelier/contracts";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import { once } from "node:events";
import type { WebSocket } from "ws";
import * as Y from "yjs";

export const updateMessage = (update: Uint8Array, subType = 2): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, subType);
    encoding.writeVarUint8Array(encoder, update);
  });

export const awarenessMessage = (entries: readonly { client: number; clock: number; state: string }[]): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE.awareness);
    encoding.writeVarUint8Array(
      encoder,
      encoding.encode((inner) => {
        encoding.writeVarUint(inner, entries.length);
        for (const { client, clock, state } of entries) {
          encoding.writeVarUint(inner, client);
          encoding.writeVarUint(inner, clock);
          encoding.writeVarString(inner, state);
        }
      }),
    );
  });

export class SocketClient {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly facts: DocumentFacts[] = [];
  readonly durability: boolean[] = [];
  readonly messageTypes: number[] = [];
  readonly socket: WebSocket;
  saved = 0;
  /** Updates sent, sync answers included: what `saved` counts. */
  sent = 0;
  isSynced = false;
  closeCode: number | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.#receive(data));
    socket.on("close", (code) => (this.closeCode = code));
    this.doc.on("update", (update: Uint8Array, origin) => {
      if (origin !== this) this.sendUpdate(update);
    });
    socket.on("open", () => socket.send(updateMessage(Y.encodeStateVector(this.doc), 0)));
  }

  /** Resolves when the server has read everything sent before, and its answers have arrived. */
  async roundTrip(): Promise<void> {
    const answered = once(this.socket, "pong");
    this.socket.ping();
    await answered;
  }

  get text(): string {
    return this.doc.getText("content").toJSON();
  }

  sendUpdate(update: Uint8Array, subType = 2): void {
    this.sent += 1;
    this.socket.send(updateMessage(update, subType));
  }

  sendAwareness(state: Record<string, unknown> | null): void {
    this.awareness.setLocalState(state);
    this.socket.send(
      encoding.encode((encoder) => {
        encoding.writeVarUint(encoder, MESSAGE.awareness);
        encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(this.awareness, [this.doc.clientID]));
      }),
    );
  }

  insert(at: number, text: string): void {
    this.doc.getText("content").insert(at, text);
  }

  #receive(data: Buffer): void {
    const decoder = decoding.createDecoder(data);
    const type = decoding.readVarUint(decoder);
    this.messageTypes.push(type);
    switch (type) {
      case MESSAGE.sync: {
        const subType = decoding.readVarUint(decoder);
        const bytes = decoding.readVarUint8Array(decoder);
        if (subType === 0) this.sendUpdate(Y.encodeStateAsUpdate(this.doc, bytes), 1);
        else Y.applyUpdate(this.doc, bytes, this);
        if (subType === 1) this.isSynced = true;
        return;
      }
      case MESSAGE.awareness:
        applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
        return;
      case MESSAGE.saved:
        this.saved = decoding.readVarUint(decoder);
        return;
      case MESSAGE.facts:
        this.facts.push(DocumentFactsSchema.parse(JSON.parse(decoding.readVarString(decoder))));
        return;
      case MESSAGE.durability:
        this.durability.push((JSON.parse(decoding.readVarString(decoder)) as { durable: boolean }).durable);
        return;
      default:
        throw new Error(`message type ${type}`);
    }
  }
}
