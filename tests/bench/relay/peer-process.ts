/** A server to compare with, in a process of its own: `bare`, `y-websocket` or `hocuspocus`. Tells its port to its parent. Memory only. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { type WebSocket, WebSocketServer } from "ws";

const UNCOMPRESSED = { binary: true, compress: false };

/** What of the servers' packages is used here; they are installed beside this file only when the benchmark runs. */
type YWebsocket = {
  setupWSConnection: (
    socket: WebSocket,
    request: { readonly url: string },
    options: { readonly docName: string },
  ) => void;
};
type HocuspocusPackage = {
  Hocuspocus: new (options: { readonly quiet: boolean }) => {
    handleConnection: (
      socket: WebSocket,
      request: Request,
    ) => {
      handleMessage: (frame: Uint8Array) => void;
      handleClose: (event: { readonly code: number; readonly reason: string }) => void;
    };
  };
};

const fromPeers = createRequire(new URL("peers/package.json", import.meta.url));
const importPeer = (name: string): Promise<unknown> => import(pathToFileURL(fromPeers.resolve(name)).href);

type Serve = (socket: WebSocket, url: string) => void;

/** Passes each frame on to all others with the same address, and does nothing else. */
const serveBare = (): Promise<Serve> => {
  const rooms = new Map<string, Set<WebSocket>>();
  return Promise.resolve((socket, url) => {
    const others = rooms.get(url) ?? new Set();
    rooms.set(url, others.add(socket));
    socket.on("message", (frame: Buffer) => {
      for (const other of others) if (other !== socket) other.send(frame, UNCOMPRESSED);
    });
    socket.on("close", () => others.delete(socket));
  });
};

const serveYWebsocket = async (): Promise<Serve> => {
  const { setupWSConnection } = (await importPeer("@y/websocket-server/utils")) as YWebsocket;
  return (socket, url) => setupWSConnection(socket, { url }, { docName: url.slice(1) });
};

const serveHocuspocus = async (): Promise<Serve> => {
  const { Hocuspocus } = (await importPeer("@hocuspocus/server")) as HocuspocusPackage;
  const hocuspocus = new Hocuspocus({ quiet: true });
  return (socket, url) => {
    const connection = hocuspocus.handleConnection(socket, new Request(`http://127.0.0.1${url}`));
    socket.on("message", (frame: Buffer) => connection.handleMessage(frame));
    socket.on("close", (code, reason) => connection.handleClose({ code, reason: reason.toString() }));
  };
};

/** Each loads only its own libraries. */
const kinds = { bare: serveBare, "y-websocket": serveYWebsocket, hocuspocus: serveHocuspocus };

const serve = await kinds[process.argv[2] as keyof typeof kinds]();
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  socket.on("error", () => undefined);
  serve(socket, request.url ?? "/");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.((server.address() as AddressInfo).port);
process.on("disconnect", () => process.exit());
