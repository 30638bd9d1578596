/** Bodies that a handler reads as they arrive, and what becomes of the rest of a body that nobody reads to its end. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "#kernel/problem";

/** Without a single byte for so long the sender is cut off. */
const STALLED_MS = 30_000;
/** What a sender may still send after its answer, so that it gets to read the answer, in bytes and time; then it is cut off. */
const DISCARDED_BYTES = 1_048_576;
const DISCARDING_MS = 5_000;

export const hasBody = (headers: Readonly<Record<string, string | undefined>>): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** Node leaves it to us to ask for the body of a request with `Expect: 100-continue`: only once the request may be served. */
export const askForBody = (raw: IncomingMessage, response: ServerResponse): void => {
  const expects = raw.headers.expect?.toLowerCase() === "100-continue";
  if (expects && !response.headersSent && !response.destroyed) response.writeContinue();
};

/** Ends the connection when the body of a request is not there in time; slow senders would pile up otherwise. */
export const cutLateBody = (raw: IncomingMessage, deadlineMs: number): void => {
  const timer = setTimeout(() => {
    if (raw.complete) return;
    if (raw.socket.writable)
      raw.socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    raw.destroy();
  }, deadlineMs);
  timer.unref();
  const done = (): void => clearTimeout(timer);
  raw.once("end", done);
  raw.once("close", done);
};

/**
 * The bytes of a body, each chunk once the one before is dealt with: the sender waits for a slow reader.
 * @throws Problem request/invalid when the sender leaves before the end, or sends nothing for half a minute
 */
export const streamedBody = async function* (
  raw: IncomingMessage,
  response: ServerResponse,
  stalledMs = STALLED_MS,
): AsyncGenerator<Uint8Array> {
  askForBody(raw, response);
  const stalled = (): void => void raw.destroy();
  raw.socket.setTimeout(stalledMs, stalled);
  try {
    // Leaving early must not end the connection: the answer goes over it.
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
    if (!raw.complete) throw new Problem("request/invalid", "body: it broke off.");
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("request/invalid", "body: it broke off.", { cause: error });
  } finally {
    raw.socket.removeListener("timeout", stalled);
    raw.socket.setTimeout(0);
  }
};

/** After the response: a short rest of the body is read and discarded, a longer one ends the connection. */
export const discardRest = (raw: IncomingMessage, response: ServerResponse): void => {
  // Before "finish", when Node would begin to read and discard all of a body that nobody has read.
  response.once("prefinish", () => {
    if (raw.complete || raw.destroyed) return;
    let left = DISCARDED_BYTES;
    const cut = (): void => void raw.destroy();
    const timer = setTimeout(cut, DISCARDING_MS);
    timer.unref();
    raw.once("close", () => clearTimeout(timer));
    raw.on("data", (chunk: Buffer) => {
      left -= chunk.byteLength;
      if (left < 0) cut();
    });
    raw.read(0);
    raw.resume();
  });
};
