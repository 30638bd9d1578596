/** The stock npm y-websocket provider, as somebody else's editor would use it. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import type { Client } from "./client.ts";

export type StockClient = Disposable & {
  readonly document: Y.Doc;
  readonly text: Y.Text;
  readonly provider: WebsocketProvider;
  /** Resolves when the server has read everything sent before. */
  roundTrip(): Promise<void>;
};

/** @param prefix `/api` or empty: both forms of the path are promised. */
export const openStockClient = async (
  client: Pick<Client, "origin" | "token">,
  file: { readonly projectId: string; readonly fileId: string; readonly prefix?: string },
): Promise<StockClient> => {
  const document = new Y.Doc();
  const provider = new WebsocketProvider(
    `${client.origin.replace("http", "ws")}${file.prefix ?? "/api"}/collaborate/${file.projectId}`,
    file.fileId,
    document,
    // Without broadcast channels: two clients in one process must meet at the server, nowhere else.
    {
      params: { token: client.token },
      WebSocketPolyfill: WebSocket as never,
      disableBc: true,
      maxBackoffTime: 200,
    },
  );
  const opened = {
    document,
    provider,
    text: document.getText("content"),
    async roundTrip() {
      const socket = provider.ws as unknown as WebSocket;
      const answered = once(socket, "pong");
      socket.ping();
      await answered;
    },
    [Symbol.dispose]: () => {
      provider.destroy();
      // Ends the awareness's timer, which would keep the process alive.
      document.destroy();
    },
  };
  if (provider.synced) return opened;
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      provider.destroy();
      reject(new Error("not synced within 15 s"));
    }, 15_000);
    provider.on("sync", (synced: boolean) => {
      if (!synced) return;
      clearTimeout(late);
      resolve();
    });
  });
  return opened;
};
