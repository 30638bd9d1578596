/** Memory that a request and its answer take: counted in one budget until the connection is done with both. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { BodyBudget } from "../body-budget.ts";

/** Larger answers may wait in memory for their reader: a reader that takes nothing for this long is cut off. */
const WATCHED_BYTES = 65_536;
const STALLED_MS = 30_000;

export type ReplyBudget = {
  /** @throws Problem as BodyBudget.take; given back when the reply is closed */
  reserve(reply: FastifyReply, sender: string, bytes: number): void;
  send(reply: FastifyReply, body: string | Uint8Array | undefined): FastifyReply;
  /** Sends bytes as they come; an error while sending, or a reader that takes nothing, ends the connection. */
  stream(reply: FastifyReply, body: AsyncIterable<Uint8Array>): FastifyReply;
};

/** The bytes of an answer on the wire. */
export const answerBytes = (body: string | Uint8Array | undefined): number => {
  if (body === undefined) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
};

/** Ends a connection on which nothing moves: the kernel buffers the end of an answer, and Node sees when it takes more. */
const watch = ({ raw, request }: FastifyReply, stalledMs: number): void => {
  const { socket } = request.raw;
  raw.setTimeout(stalledMs);
  raw.once("finish", () => {
    // A request that came behind this one on its connection may take its time.
    if (socket.timeout === stalledMs) socket.setTimeout(0);
  });
};

export const createReplyBudget = (budget: BodyBudget, stalledMs = STALLED_MS): ReplyBudget => ({
  reserve(reply, sender, bytes) {
    const release = budget.take(sender, bytes);
    // A connection that was cut meanwhile emits no further event.
    if (reply.raw.closed) release();
    else reply.raw.once("close", release);
  },
  send(reply, body) {
    if (body === undefined || answerBytes(body) <= WATCHED_BYTES) return reply.send(body);
    watch(reply, stalledMs);
    // Bytes: a string that waits would be in memory twice, and not as large as it was counted.
    return reply.send(typeof body === "string" ? Buffer.from(body) : body);
  },
  stream(reply, body) {
    watch(reply, stalledMs);
    return reply.send(Readable.from(body, { objectMode: false }));
  },
});
