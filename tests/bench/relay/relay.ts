/**
 * What relaying costs a server: the CPU of its process while many type, beside a bare `ws` relay and two others' servers, in turns, and its
 * memory with many sockets.
 */
import { setTimeout as delay } from "node:timers/promises";
import { startServer, type TestServer } from "../../support/server.ts";
import { openClients, type Shape } from "./clients.ts";
import { collectGarbage, residentMiB } from "./process-cost.ts";
import { atelier, installPeers, startPeer, type Target } from "./targets.ts";

const CASES: readonly (Shape & { readonly name: string })[] = [
  { name: "50 typists in one document, 5 edits/s each", documents: 1, clientsEach: 50, editsPerSecondEach: 5 },
  { name: "500 documents x 4 clients, 1 edit/s each", documents: 500, clientsEach: 4, editsPerSecondEach: 1 },
];
const SOCKETS: Shape = { documents: 500, clientsEach: 4, editsPerSecondEach: 1 };
const SOCKETS_TYPE_SECONDS = 5;

export type RelayTimes = { readonly warmSeconds: number; readonly seconds: number; readonly rounds: number };

type Cost = {
  readonly serverMs: number;
  readonly databaseMs: number;
  readonly sent: number;
  readonly received: number;
};

const measure = async (target: Target, shape: Shape, { warmSeconds, seconds }: RelayTimes): Promise<Cost> => {
  // The last second is not measured: typists may be late.
  await using clients = await openClients(target, shape, warmSeconds + seconds + 1);
  clients.type();
  await delay(warmSeconds * 1_000);
  const before = await target.cpu();
  await delay(seconds * 1_000);
  const after = await target.cpu();
  const { sent, received } = await clients.counted();
  return { serverMs: after.server - before.server, databaseMs: after.database - before.database, sent, received };
};

const sum = (costs: readonly Cost[], of: (cost: Cost) => number): number =>
  costs.reduce((all, cost) => all + of(cost), 0);
const perSecond = (ms: number, seconds: number): string => (ms / seconds).toFixed(0).padStart(5);

/** Targets take turns, so that what else the machine does meets all of them. */
const compare = async (targets: readonly Target[], shape: Shape & { name: string }, times: RelayTimes) => {
  const costs = new Map<Target, Cost[]>(targets.map((target) => [target, []]));
  for (let round = 0; round < times.rounds; round += 1)
    for (const target of targets) costs.get(target)?.push(await measure(target, shape, times));
  const seconds = times.rounds * times.seconds;
  const bareMs = [...costs]
    .filter(([target]) => target.name.includes("bare"))
    .map(([, own]) => sum(own, (cost) => cost.serverMs));
  return [
    `  ${shape.name} (${times.rounds} x ${times.seconds} s each):`,
    ...[...costs].map(([target, own]) => {
      const serverMs = sum(own, (cost) => cost.serverMs);
      const rounds = own.map((cost) => (cost.serverMs / times.seconds).toFixed(0)).join(", ");
      return (
        `    ${target.name.padEnd(32)} ${perSecond(serverMs, seconds)} CPU-ms a second, ` +
        `${(serverMs / (bareMs[0] ?? NaN)).toFixed(2)} x the bare relay (rounds: ${rounds}); ` +
        `database ${perSecond(
          sum(own, (cost) => cost.databaseMs),
          seconds,
        )}; ` +
        `${sum(own, (cost) => cost.sent)} edits, received ${sum(own, (cost) => cost.received)} times by ${shape.clientsEach - 1} others`
      );
    }),
  ];
};

/** CPU of the server process, PostgreSQL apart. The server's database is its own bundled one. */
export const benchRelay = async (server: TestServer, times: RelayTimes): Promise<string[]> => {
  await installPeers();
  await using bare = await startPeer("bare");
  await using yWebsocket = await startPeer("y-websocket");
  await using hocuspocus = await startPeer("hocuspocus");
  const [socket, page] = [await atelier(server, "socket"), await atelier(server, "page")];
  // Never the same server twice in a row: it still writes what was typed before.
  const targets = [socket, bare, page, yWebsocket, hocuspocus];
  const lines: string[] = [];
  for (const shape of CASES) lines.push(...(await compare(targets, shape, times)));
  return lines;
};

const memoryLine = async (name: string, pid: number): Promise<string> => {
  const { all, anonymous } = await residentMiB(pid);
  return `  ${name.padEnd(44)} ${all.toFixed(0).padStart(5)} MiB resident, ${anonymous.toFixed(0)} MiB of it its own memory`;
};

/** Resident memory of the server process alone, after a garbage collection: with nothing open, with 2,000 sockets, and after them. */
export const benchMemory = async (env: Readonly<Record<string, string>>, settleMs: number): Promise<string[]> => {
  await using server = await startServer({ env: { ...env, NODE_OPTIONS: "--inspect-port=0" } });
  await delay(settleMs);
  const lines = [await memoryLine("idle, as it is", server.pid)];
  const collected = async (name: string): Promise<void> => {
    await collectGarbage(server.pid, server.output);
    lines.push(await memoryLine(name, server.pid));
  };
  await collected("idle");
  {
    await using clients = await openClients(await atelier(server, "page"), SOCKETS, SOCKETS_TYPE_SECONDS);
    await collected("2,000 sockets on 500 documents, nobody types");
    clients.type();
    await delay(SOCKETS_TYPE_SECONDS * 1_000);
    await clients.counted();
    await collected("2,000 sockets after 10,000 edits");
  }
  await delay(settleMs);
  await collected("all of them closed");
  return lines;
};
