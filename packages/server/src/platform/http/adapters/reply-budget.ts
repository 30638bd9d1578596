/** Counts the memory of a request and its response in one budget until both are complete. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { BodyBudget } from "../body-budget.ts";

/** Larger responses may wait in memory for their reader, so the connection of a reader without progress is closed. */
const WATCHED_BYTES = 65_536;
const STALLED_MS = 30_000;

export type ReplyBudget = {
  /** Reserves until the reply is closed. @throws Problem as BodyBudget.take */
  reserve(reply: FastifyReply, sender: string, bytes: number): void;
  send(reply: FastifyReply, body: string | Uint8Array | undefined): FastifyReply;
  /** Sends bytes as they are produced; an error while sending, or a reader without progress, ends the connection. */
  stream(reply: FastifyReply, body: AsyncIterable<Uint8Array>): FastifyReply;
};

/** The number of bytes of a response body. */
export const answerBytes = (body: string | Uint8Array | undefined): number => {
  if (body === undefined) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
};

/** Ends a connection without progress. Node notices progress when the kernel accepts more bytes into its buffer. */
const watch = ({ raw, request }: FastifyReply, stalledMs: number): void => {
  const { socket } = request.raw;
  raw.setTimeout(stalledMs);
  raw.once("finish", () => {
    // The timeout must not apply to a later request on this connection.
    if (socket.timeout === stalledMs) socket.setTimeout(0);
  });
};

export const createReplyBudget = (budget: BodyBudget, stalledMs = STALLED_MS): ReplyBudget => ({
  reserve(reply, sender, bytes) {
    const release = budget.take(sender, bytes);
    // A connection that is closed already emits no further event.
    if (reply.raw.closed) release();
    else reply.raw.once("close", release);
  },
  send(reply, body) {
    if (body === undefined || answerBytes(body) <= WATCHED_BYTES) return reply.send(body);
    watch(reply, stalledMs);
    // As bytes, because a string would be in memory twice, with another size than the counted one.
    return reply.send(typeof body === "string" ? Buffer.from(body) : body);
  },
  stream(reply, body) {
    watch(reply, stalledMs);
    return reply.send(Readable.from(body, { objectMode: false }));
  },
});
