/** One client process of the benchmarks of relaying: frames made ahead, sent at their time, received and counted. No Yjs while it types. */
import { FRAME_COST_BYTES } from "../../../packages/server/src/platform/channels/index.ts";
import { once } from "node:events";
import { WebSocket } from "ws";
import * as Y from "yjs";
import {
  type Answer,
  creditFor,
  encodeUpdate,
  isUpdate,
  type Load,
  openingFrames,
  type Request,
  type Typist,
} from "./load.ts";

const OPENED_AT_ONCE = 50;
const OPEN_WITHIN_MS = 60_000;

let sent = 0;
let received = 0;
let begin: () => void = () => undefined;

const answer = (given: Answer): void => void process.send?.(given);
const fail = (error: unknown): void =>
  answer({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });

/** One letter an update, each behind the letter before. */
const prepare = (load: Load, { clientId, document }: Typist): Uint8Array[] => {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  const frames: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => frames.push(encodeUpdate(load.dialect, document, update)));
  const text = doc.getText("content");
  for (let edit = 0; edit < load.edits; edit += 1) text.insert(edit, "x");
  doc.destroy();
  return frames;
};

const connect = async ({ dialect, isGreeted }: Load, { url, document }: Typist): Promise<WebSocket> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let cost = 0;
  const greeted = Promise.withResolvers<void>();
  socket.on("message", (frame: Buffer) => {
    greeted.resolve();
    if (isUpdate(dialect, frame)) received += 1;
    if (dialect !== "channel") return;
    cost += frame.byteLength + FRAME_COST_BYTES;
    const credit = creditFor(cost);
    if (credit === undefined) return;
    cost = 0;
    socket.send(credit);
  });
  socket.on("close", (code, reason) => fail(new Error(`a socket was closed with ${code} ${reason.toString()}`)));
  await once(socket, "open", { signal: AbortSignal.timeout(OPEN_WITHIN_MS) });
  for (const frame of openingFrames(dialect, document)) socket.send(frame);
  if (isGreeted) await greeted.promise;
  return socket;
};

const open = async (load: Load): Promise<void> => {
  const lanes: { readonly socket: WebSocket; readonly frames: Uint8Array[]; readonly firstMs: number }[] = [];
  for (let at = 0; at < load.typists.length; at += OPENED_AT_ONCE) {
    const some = load.typists.slice(at, at + OPENED_AT_ONCE);
    const opened = await Promise.all(
      some.map(async (typist) => ({
        socket: await connect(load, typist),
        frames: prepare(load, typist),
        firstMs: typist.firstMs,
      })),
    );
    lanes.push(...opened);
  }
  // Typists keep their order from round to round.
  lanes.sort((a, b) => a.firstMs - b.firstMs);
  begin = () => {
    const startMs = performance.now();
    let next = 0;
    const last = load.edits * lanes.length;
    const turn = (): void => {
      for (; next < last; next += 1) {
        const lane = lanes[next % lanes.length];
        const round = Math.floor(next / lanes.length);
        if (lane === undefined) return;
        const waitMs = startMs + lane.firstMs + round * load.everyMs - performance.now();
        if (waitMs > 0) return void setTimeout(turn, waitMs);
        lane.socket.send(lane.frames[round] ?? new Uint8Array());
        sent += 1;
      }
    };
    turn();
  };
  answer({ kind: "ready" });
};

process.on("message", (request: Request) => {
  if (request.kind === "open") open(request.load).catch(fail);
  else if (request.kind === "type") begin();
  else answer({ kind: "counted", sent, received });
});
// The benchmark has ended, however it did.
process.on("disconnect", () => process.exit());
