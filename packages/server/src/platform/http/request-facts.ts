/** Reads the facts for handlers from a raw request. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { clientAddress, type TrustedProxies } from "./client-address.ts";
import type { RequestFacts } from "./ports.ts";

/** Cookie header -> name to value; the first of several cookies with one name wins, as browsers send the closest first. */
const parseCookies = (header: string | undefined): Readonly<Record<string, string | undefined>> => {
  const cookies: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at < 1) continue;
    const name = pair.slice(0, at).trim();
    cookies[name] ??= pair
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/u, "$1");
  }
  return cookies;
};

export const addressOf = (raw: IncomingMessage, trusted: TrustedProxies): string => {
  const forwarded = raw.headers["x-forwarded-for"];
  return clientAddress(
    raw.socket.remoteAddress ?? "",
    Array.isArray(forwarded) ? forwarded.join(",") : forwarded,
    trusted,
  );
};

/** @param response when it closes before it was written, the client has disconnected */
export const requestFacts = (
  raw: IncomingMessage,
  response: ServerResponse,
  options: { readonly id: string; readonly trusted: TrustedProxies },
): RequestFacts => {
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of Object.entries(raw.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    id: options.id,
    address: addressOf(raw, options.trusted),
    headers,
    cookies: parseCookies(raw.headers.cookie),
    signal: gone.signal,
  };
};
