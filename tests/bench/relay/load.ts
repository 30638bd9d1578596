/** The tasks of the client processes in the relay benchmarks: which sockets to open, and how fast to edit. Also the frames of each protocol. */
import { CHANNEL_FRAME, encodeChannelFrame, encodeCredit, MESSAGE } from "@atelier/contracts";
import * as encoding from "lib0/encoding";

/** `plain`: y-websocket's messages. `channel`: the same in a channel of a project's socket. `hocuspocus`: the same after a document's name. */
export type Dialect = "plain" | "channel" | "hocuspocus";

export type Typist = {
  readonly url: string;
  /** Name or file id of the document, as the dialect needs it. */
  readonly document: string;
  /** Its Yjs client id. */
  readonly clientId: number;
  /** From the start until its first edit. */
  readonly firstMs: number;
};

export type Load = {
  readonly dialect: Dialect;
  /** The server speaks first: a socket without a word from it is not connected to a document yet. */
  readonly isGreeted: boolean;
  readonly typists: readonly Typist[];
  readonly everyMs: number;
  /** Edits of each typist. */
  readonly edits: number;
};

/** From the parent: `open`, then `type` as soon as all processes are `ready`, then `count`. */
export type Request =
  | { readonly kind: "open"; readonly load: Load }
  | { readonly kind: "type" }
  | { readonly kind: "count" };

export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "counted"; readonly sent: number; readonly received: number }
  | { readonly kind: "failed"; readonly reason: string };

/** Of ours, as the page has it for a document. */
export const WINDOW_BYTES = 1024 * 1024;
const START_CREDIT_BYTES = 16 * 1024;
/** The only channel of each socket. */
const CHANNEL = 1;
const UPDATE = 2;
const AUTHENTICATION = 2;

const addressed = (document: string, write: (encoder: encoding.Encoder) => void): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarString(encoder, document);
    write(encoder);
  });

const writeUpdate =
  (update: Uint8Array) =>
  (encoder: encoding.Encoder): void => {
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, UPDATE);
    encoding.writeVarUint8Array(encoder, update);
  };

/** The frame that carries an update. */
export const encodeUpdate = (dialect: Dialect, document: string, update: Uint8Array): Uint8Array => {
  if (dialect === "hocuspocus") return addressed(document, writeUpdate(update));
  const payload = encoding.encode(writeUpdate(update));
  return dialect === "plain" ? payload : encodeChannelFrame({ channel: CHANNEL, type: CHANNEL_FRAME.data, payload });
};

const credit = (bytes: number): Uint8Array =>
  encodeChannelFrame({ channel: CHANNEL, type: CHANNEL_FRAME.credit, payload: encodeCredit(bytes) });

/** What a client says when its socket is open. */
export const openingFrames = (dialect: Dialect, document: string): Uint8Array[] => {
  if (dialect === "plain") return [];
  if (dialect === "hocuspocus")
    return [
      addressed(document, (encoder) => {
        encoding.writeVarUint(encoder, AUTHENTICATION);
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarString(encoder, "anyone");
      }),
    ];
  const opening = { kind: "document", fileId: document, v: 1 };
  const payload = new TextEncoder().encode(JSON.stringify(opening));
  return [
    encodeChannelFrame({ channel: CHANNEL, type: CHANNEL_FRAME.open, payload }),
    credit(WINDOW_BYTES - START_CREDIT_BYTES),
  ];
};

/** Where the message begins in a received frame. */
const messageStart = (dialect: Dialect, frame: Uint8Array): number => {
  if (dialect === "plain") return 0;
  if (dialect === "channel") return frame[1] === CHANNEL_FRAME.data ? 2 : frame.byteLength;
  // Names are shorter than 128 bytes.
  return 1 + (frame[0] ?? 0);
};

export const isUpdate = (dialect: Dialect, frame: Uint8Array): boolean => {
  const at = messageStart(dialect, frame);
  return frame[at] === MESSAGE.sync && frame[at + 1] === UPDATE;
};

/** The credit to give for what was received since the last one; undefined: not yet. */
export const creditFor = (receivedCost: number): Uint8Array | undefined =>
  receivedCost < WINDOW_BYTES / 4 ? undefined : credit(receivedCost);
