/** From one client's edit to its being in another client's text: ten stock y-websocket clients on one file. */
import * as Y from "yjs";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import type { TestServer } from "../support/server.ts";
import { signInAsGuest } from "../support/client.ts";
import { line, summarise } from "./statistics.ts";

const CLIENTS = 10;

const synced = async (provider: WebsocketProvider): Promise<void> => {
  if (provider.synced) return;
  await new Promise<void>((resolve) => {
    provider.on("sync", (state: boolean) => {
      if (state) resolve();
    });
  });
};

/** @param edits how many edits are made in all, one client after the other, about 50 a second. */
export const benchEditToVisible = async (server: TestServer, edits: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const project = await client.createProject({ name: "bench edits" });
  const file = await client.createFile(project.id, "notes.txt", "");
  const providers = Array.from({ length: CLIENTS }, () => {
    const document = new Y.Doc();
    const provider = new WebsocketProvider(
      `${server.origin.replace("http", "ws")}/api/collaborate/${project.id}`,
      file.id,
      document,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ws has the browser's interface as far as the provider uses it
      { params: { token: client.token }, WebSocketPolyfill: WebSocket as never, disableBc: true },
    );
    return { document, provider, text: document.getText("content") };
  });
  try {
    await Promise.all(providers.map(({ provider }) => synced(provider)));
    const delays: number[] = [];
    for (let n = 0; n < edits; n++) {
      const writer = providers[n % CLIENTS];
      const reader = providers[(n + 1) % CLIENTS];
      if (writer === undefined || reader === undefined) throw new Error("no client");
      const length = reader.text.length;
      const seen = new Promise<void>((resolve) => {
        const look = (): void => {
          if (reader.text.length <= length) return;
          reader.text.unobserve(look);
          resolve();
        };
        reader.text.observe(look);
      });
      const start = performance.now();
      writer.text.insert(0, "x");
      await seen;
      delays.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return [line(`edit -> visible, ${CLIENTS} clients on one file`, summarise(delays))];
  } finally {
    for (const { provider } of providers) provider.destroy();
  }
};
