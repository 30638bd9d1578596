/** The servers whose relaying is compared, each with documents to type in: Atelier in two ways, a bare relay, and two others' servers. */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { signInAsGuest } from "../../support/client.ts";
import type { TestServer } from "../../support/server.ts";
import type { Dialect } from "./load.ts";
import { cpuOf, databaseCpu } from "./process-cost.ts";

const PEER = fileURLToPath(new URL("./peer-process.ts", import.meta.url));
const FILES_AT_ONCE = 20;

export type Document = { readonly url: string; readonly name: string };

export type Target = {
  readonly name: string;
  readonly pid: number;
  readonly dialect: Dialect;
  readonly isGreeted: boolean;
  /** New documents, which nobody has open. */
  documents(count: number): Promise<Document[]>;
  /** CPU of the server process, and of its database, in ms so far. */
  cpu(): Promise<{ readonly server: number; readonly database: number }>;
};

/** @param way `socket`: a socket for each document. `page`: a channel in a project's socket, as the page has it. */
export const atelier = async (server: TestServer, way: "socket" | "page"): Promise<Target> => {
  const client = await signInAsGuest(server.origin);
  const origin = server.origin.replace("http", "ws");
  const query = `?token=${encodeURIComponent(client.token)}`;
  let made = 0;
  return {
    name: way === "page" ? "Atelier, the page's socket" : "Atelier, a document's socket",
    pid: server.pid,
    dialect: way === "page" ? "channel" : "plain",
    isGreeted: true,
    async documents(count) {
      made += 1;
      const project = await client.createProject({ name: `relay ${made}` });
      const documents: Document[] = [];
      const lane = async (): Promise<void> => {
        while (documents.length < count) {
          const place = documents.push({ url: "", name: "" }) - 1;
          const { id } = await client.createFile(project.id, `file-${place}.txt`, "");
          const path = way === "page" ? `/projects/${project.id}/socket` : `/collaborate/${project.id}/${id}`;
          documents[place] = { url: `${origin}/api${path}${query}`, name: id };
        }
      };
      await Promise.all(Array.from({ length: FILES_AT_ONCE }, lane));
      return documents;
    },
    cpu: async () => ({ server: await cpuOf(server.pid), database: await databaseCpu(server.dataDir) }),
  };
};

/** Their packages are installed by this benchmark alone, without install scripts: nothing else needs them. @throws Error with npm's words */
export const installPeers = async (): Promise<void> => {
  const cwd = fileURLToPath(new URL("peers", import.meta.url));
  await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd });
};

const peerNames = { bare: "a bare ws relay", "y-websocket": "@y/websocket-server", hocuspocus: "Hocuspocus" } as const;

/** Started in a process of its own, which ends when it is disposed or this process ends. */
export const startPeer = async (kind: keyof typeof peerNames): Promise<Target & AsyncDisposable> => {
  const child = fork(PEER, [kind], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = once(child, "exit");
  const [port] = (await Promise.race([once(child, "message"), ended])) as [unknown];
  if (typeof port !== "number" || child.exitCode !== null) throw new Error(`${peerNames[kind]} did not start`);
  const pid = child.pid ?? 0;
  let made = 0;
  return {
    name: peerNames[kind],
    pid,
    dialect: kind === "hocuspocus" ? "hocuspocus" : "plain",
    isGreeted: kind !== "bare",
    documents: (count) =>
      Promise.resolve(
        Array.from({ length: count }, () => {
          made += 1;
          const name = `document-${made}`;
          return { url: `ws://127.0.0.1:${port}/${name}`, name };
        }),
      ),
    cpu: async () => ({ server: await cpuOf(pid), database: 0 }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
};
