/**
 * Connections between nodes: a WebSocket over TLS that is keyed by a secret which all nodes share (TLS-PSK). The handshake proves the key to
 * both sides with fresh random numbers, so a recorded handshake can't be used again; afterwards all bytes are encrypted.
 */
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { MAX_CHANNEL_FRAME_BYTES } from "@atelier/contracts";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Channel, Reserve } from "../ports.ts";
import { createWsChannel } from "./ws-channel.ts";

/** An ephemeral key exchange, so that a key that leaks later does not decrypt recorded connections. */
const CIPHER = "ECDHE-PSK-CHACHA20-POLY1305";
const TLS_VERSION = "TLSv1.2";
const IDENTITY = "atelier-node";
const PATH = "/link";
const HANDSHAKE_MS = 5_000;
const PING_MS = 5_000;
/** A node that sends nothing for this time counts as unreachable. */
const SILENT_MS = 15_000;
const MAX_CONNECTIONS = 1_000;

export type NodeLinkOptions = {
  /** 32 bytes, the same on all nodes. */
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts queued frames. */
  readonly reserve: Reserve;
};

export type NodeLinkListener = AsyncDisposable & {
  /** `host:port` of the listener. */
  readonly address: string;
};

/** Ends a connection whose peer has vanished without a close. */
const watchLife = (socket: WebSocket, clock: Clock): void => {
  let heardMs = clock.monotonic();
  let timer: Timer | undefined;
  const hear = (): void => void (heardMs = clock.monotonic());
  const look = (): void => {
    if (clock.monotonic() - heardMs >= SILENT_MS) return socket.terminate();
    socket.ping();
    timer = clock.after(PING_MS, look);
  };
  for (const event of ["message", "ping", "pong"] as const) socket.on(event, hear);
  socket.once("close", () => timer?.cancel());
  timer = clock.after(PING_MS, look);
};

/**
 * Listens for other nodes.
 * @param accept gets the carrier of each node that has proven the key
 * @throws the error of `listen`, EADDRINUSE for example
 */
export const listenForNodes = async (
  options: NodeLinkOptions & {
    readonly host: string;
    /** 0: any free one. */
    readonly port: number;
    readonly accept: (carrier: Channel) => void;
  },
): Promise<NodeLinkListener> => {
  const { key, clock, log, host, port, reserve } = options;
  const server = createServer({
    pskCallback: (_socket, identity) => (identity === IDENTITY ? Buffer.from(key) : null),
    ciphers: CIPHER,
    minVersion: TLS_VERSION,
    maxVersion: TLS_VERSION,
    handshakeTimeout: HANDSHAKE_MS,
    headersTimeout: HANDSHAKE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("tlsClientError", (error) => log.warn("link.refused", { reason: error.message }));
  const sockets = new WebSocketServer({
    server,
    path: PATH,
    perMessageDeflate: false,
    maxPayload: MAX_CHANNEL_FRAME_BYTES,
  });
  sockets.on("connection", (socket, request) => {
    request.socket.setNoDelay(true);
    socket.on("error", (error) => log.warn("link.error", { reason: error.message }));
    watchLife(socket, clock);
    options.accept(createWsChannel(socket, reserve, request.socket));
  });
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.listen(port, host);
  await once(server, "listening");
  const opened = (server.address() as AddressInfo).port;
  return {
    address: host.includes(":") ? `[${host}]:${opened}` : `${host}:${opened}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
};

/**
 * Connects to another node.
 * @param address `host:port` that it announced
 * @throws Error when the connection is refused or the other side has another key
 */
export const dialNode = async (address: string, { key, clock, log, reserve }: NodeLinkOptions): Promise<Channel> => {
  // `ws` passes the TLS options on.
  const connecting: ClientOptions & ConnectionOptions = {
    pskCallback: () => ({ psk: Buffer.from(key), identity: IDENTITY }),
    ciphers: CIPHER,
    minVersion: TLS_VERSION,
    maxVersion: TLS_VERSION,
    // There is no certificate; the key authenticates a node. The types of `ws` and Node differ in the result of this function.
    checkServerIdentity: () => undefined as never,
    perMessageDeflate: false,
    maxPayload: MAX_CHANNEL_FRAME_BYTES,
    handshakeTimeout: HANDSHAKE_MS,
  };
  const socket = new WebSocket(`wss://${address}${PATH}`, connecting);
  const channel = createWsChannel(socket, reserve);
  await once(socket, "open");
  socket.on("error", (error) => log.warn("link.error", { reason: error.message }));
  watchLife(socket, clock);
  return channel;
};
