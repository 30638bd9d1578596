/** From one client's edit to its being in another client's text: ten stock y-websocket clients on one file. */
import type { TestServer } from "../support/server.ts";
import { signInAsGuest } from "../support/client.ts";
import { openStockClient } from "../support/stock-client.ts";
import { line, summarise } from "./statistics.ts";

const CLIENTS = 10;

/** @param edits how many edits are made in all, one client after the other, about 50 a second. */
export const benchEditToVisible = async (server: TestServer, edits: number): Promise<string[]> => {
  const client = await signInAsGuest(server.origin);
  const project = await client.createProject({ name: "bench edits" });
  const file = await client.createFile(project.id, "notes.txt", "");
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => openStockClient(client, { projectId: project.id, fileId: file.id })),
  );
  try {
    const delays: number[] = [];
    for (let n = 0; n < edits; n++) {
      const writer = clients[n % CLIENTS];
      const reader = clients[(n + 1) % CLIENTS];
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
    for (const opened of clients) opened[Symbol.dispose]();
  }
};
