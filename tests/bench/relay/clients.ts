/** Two client processes that edit together. Their own CPU is not part of the measurement. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Answer, Load, Request, Typist } from "./load.ts";
import type { Target } from "./targets.ts";

const CLIENT = fileURLToPath(new URL("./client-process.ts", import.meta.url));
const PROCESSES = 2;
const QUIET_WITHIN_MS = 3_000;
/** A server may tell a client that it is welcome before it gets what others type. */
const SETTLE_MS = 500;

export type Shape = {
  readonly documents: number;
  readonly clientsEach: number;
  readonly editsPerSecondEach: number;
};

export type Clients = AsyncDisposable & {
  /** Starts typing. */
  type(): void;
  /** Waits a moment until all has arrived. @returns updates sent, and updates received by all. @throws Error when not all were sent */
  counted(): Promise<{ readonly sent: number; readonly received: number }>;
};

const ask = async <K extends Answer["kind"]>(
  child: ChildProcess,
  request: Request,
  kind: K,
): Promise<Extract<Answer, { kind: K }>> => {
  child.send(request);
  const [answer] = (await once(child, "message")) as [Answer];
  if (answer.kind === kind) return answer as Extract<Answer, { kind: K }>;
  throw new Error(answer.kind === "failed" ? answer.reason : `the client answered ${answer.kind}`);
};

/** Opens all sockets. @param seconds for which typing would go on */
export const openClients = async (target: Target, shape: Shape, seconds: number): Promise<Clients> => {
  const documents = await target.documents(shape.documents);
  const everyMs = 1_000 / shape.editsPerSecondEach;
  const count = shape.documents * shape.clientsEach;
  const typists = Array.from({ length: count }, (_, place): Typist => {
    const document = documents[place % shape.documents];
    if (document === undefined) throw new Error("no document");
    return {
      url: document.url,
      document: document.name,
      clientId: 1_000_000 + place,
      firstMs: (place * everyMs) / count,
    };
  });
  const edits = Math.floor(seconds * shape.editsPerSecondEach);
  const children = Array.from({ length: PROCESSES }, () =>
    fork(CLIENT, { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
  );
  const close = async (): Promise<void> => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill("SIGKILL");
        await once(child, "exit");
      }),
    );
  };
  const total = async (): Promise<{ sent: number; received: number }> => {
    const counts = await Promise.all(children.map((child) => ask(child, { kind: "count" }, "counted")));
    return counts.reduce((sum, { sent, received }) => ({ sent: sum.sent + sent, received: sum.received + received }), {
      sent: 0,
      received: 0,
    });
  };
  try {
    await Promise.all(
      children.map((child, index) => {
        const own = typists.filter((_, place) => Math.floor(place / shape.documents) % PROCESSES === index);
        const load: Load = { dialect: target.dialect, isGreeted: target.isGreeted, typists: own, everyMs, edits };
        return ask(child, { kind: "open", load }, "ready");
      }),
    );
  } catch (error) {
    await close();
    throw error;
  }
  await delay(SETTLE_MS);
  return {
    type: () => children.forEach((child) => child.send({ kind: "type" } satisfies Request)),
    async counted() {
      const deadline = performance.now() + QUIET_WITHIN_MS;
      for (;;) {
        const counts = await total();
        if (counts.sent === edits * count && counts.received >= counts.sent * (shape.clientsEach - 1)) return counts;
        if (performance.now() > deadline && counts.sent === edits * count) return counts;
        if (performance.now() > deadline) throw new Error(`${counts.sent} of ${edits * count} edits were sent`);
        await delay(100);
      }
    },
    [Symbol.asyncDispose]: close,
  };
};
