/** Vitest's global setup of the browser tests: servers that all files share, each started when a file first asks for it. */
import { createServer } from "node:http";
import { once } from "node:events";
import type { TestProject } from "vitest/node";
import { startServer, type TestServer } from "./server.ts";

/** What is known of a server in the processes of the tests. */
export type SharedServer = Pick<TestServer, "origin" | "port" | "dataDir">;

declare module "vitest" {
  interface ProvidedContext {
    /** Where to ask for a server: `<address>/<the server's SANDBOX setting>` answers with a SharedServer as JSON. */
    readonly sharedServers: string;
  }
}

/** Called before the first file. @returns a function that Vitest calls after the last one, which stops the servers */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const servers = new Map<string, Promise<TestServer>>();
  const desk = createServer((request, response) => {
    const tier = (request.url ?? "/").slice(1);
    const server = servers.get(tier) ?? startServer({ env: { SANDBOX: tier } });
    servers.set(tier, server);
    server.then(
      ({ origin, port, dataDir }) => response.end(JSON.stringify({ origin, port, dataDir } satisfies SharedServer)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  desk.listen(0, "127.0.0.1");
  await once(desk, "listening");
  const address = desk.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  project.provide("sharedServers", `http://127.0.0.1:${address.port}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    for (const server of await Promise.allSettled(servers.values()))
      if (server.status === "fulfilled") await server.value[Symbol.asyncDispose]();
  };
};
