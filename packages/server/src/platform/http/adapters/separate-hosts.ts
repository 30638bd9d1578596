/**
 * Requests to hosts that are not the server's own (previews), taken before the routes see them. A request that names such a host anywhere
 * is never for the server itself, and one that names two different hosts is refused.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Log } from "#kernel/log";
import type { BodyBudget } from "../body-budget.ts";
import type { TrustedProxies } from "../client-address.ts";
import type { PageAnswer, SeparateEdge, SeparateHandler } from "../ports.ts";
import { retryAfter, toProblem } from "../problem-answer.ts";
import { addressOf } from "../request-facts.ts";

export type Listener = (raw: IncomingMessage, response: ServerResponse) => void;

const STALLED_MS = 30_000;
/** Headers that identify the user to the server itself. */
const NEVER_PASSED: ReadonlySet<string> = new Set(["cookie", "authorization", "proxy-authorization"]);
/** For every response: no handler can leave one out. */
const FIXED_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
} as const;
const FAULT_HEADERS = {
  ...FIXED_HEADERS,
  "content-type": "text/plain; charset=utf-8",
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "no-store",
} as const;

type Target = { readonly hostname: string; readonly port: string };

const HOST = /^([^\s/?#@:[\]]+)(?::(\d{0,5}))?$/u;
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#@]*)/iu;

/** undefined: an IPv6 address, or not a host. */
const parseHost = (text: string): Target | undefined => {
  const [, name, port = ""] = HOST.exec(text.trim()) ?? [];
  return name === undefined ? undefined : { hostname: name.toLowerCase().replace(/\.$/u, ""), port };
};

const listed = (values: readonly string[] | undefined): string[] =>
  (values ?? []).flatMap((value) => value.split(",")).filter((part) => part.trim() !== "");

/** Every host that a request names: its Host headers, the address of its request line, and what trusted proxies report. */
const namedHosts = (raw: IncomingMessage, proxied: boolean): { own: string[]; forwarded: string[] } => ({
  own: [...listed(raw.headersDistinct["host"]), ...(ABSOLUTE.exec(raw.url ?? "")?.slice(1, 2) ?? [])],
  forwarded: proxied ? listed(raw.headersDistinct["x-forwarded-host"]) : [],
});

/** The path with the query, also of a request line with a whole address. */
const pathOf = (url: string): string => {
  const path = url.replace(ABSOLUTE, "");
  return path.startsWith("/") ? path : `/${path}`;
};

const passedHeaders = (raw: IncomingMessage): Readonly<Record<string, string | undefined>> => {
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of Object.entries(raw.headers))
    if (!NEVER_PASSED.has(name)) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
};

export type SeparateHostsNeeds = {
  readonly proxied: boolean;
  readonly trusted: TrustedProxies;
  readonly bodies: BodyBudget;
  readonly stalledMs: number | undefined;
  readonly log: Log;
};

export const createSeparateHosts = ({ proxied, trusted, bodies, stalledMs = STALLED_MS, log }: SeparateHostsNeeds) => {
  let bound: { readonly isSeparate: (hostname: string) => boolean; readonly handler: SeparateHandler } | undefined;

  const fault = (raw: IncomingMessage, response: ServerResponse, status: number, text: string, wait?: string): void => {
    // What is left of a body would be read as the next request.
    const headers = { ...FAULT_HEADERS, connection: "close", ...(wait === undefined ? {} : { "retry-after": wait }) };
    response.writeHead(status, headers);
    response.end(raw.method === "HEAD" ? undefined : `${text}\n`);
  };

  const send = (raw: IncomingMessage, response: ServerResponse, answer: PageAnswer): void => {
    const body = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
    const { "set-cookie": _never, ...headers } = answer.headers;
    const hasBody = answer.status !== 304;
    response.writeHead(answer.status, {
      ...headers,
      ...FIXED_HEADERS,
      ...(hasBody ? { "content-length": String(body.byteLength) } : {}),
    });
    // The connection of a reader without progress ends, because the body is in memory.
    response.setTimeout(stalledMs, () => response.destroy());
    response.end(raw.method === "HEAD" || !hasBody ? undefined : body);
  };

  const answer = async (
    raw: IncomingMessage,
    response: ServerResponse,
    { handler, target }: { readonly handler: SeparateHandler; readonly target: Target },
  ): Promise<void> => {
    if (raw.method !== "GET" && raw.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      fault(raw, response, 405, "Previews answer GET and HEAD.");
      return;
    }
    if (raw.headers["transfer-encoding"] !== undefined || Number(raw.headers["content-length"] ?? 0) > 0) {
      fault(raw, response, 400, "Previews read no request bodies.");
      return;
    }
    const request = {
      ...target,
      url: pathOf(raw.url ?? "/"),
      headers: passedHeaders(raw),
      address: addressOf(raw, trusted),
      reserve(sender: string, bytes: number): void {
        const release = bodies.take(sender, bytes);
        if (response.closed) release();
        else response.once("close", release);
      },
    };
    try {
      const answered = await handler(request);
      if (!response.closed) send(raw, response, answered);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === "server/internal") log.error("http.separate-failed", { error });
      if (!response.headersSent && !response.closed)
        fault(raw, response, problem.status, problem.message, retryAfter(problem));
    }
  };

  /** undefined: the server's own. `clash`: the request names a separate host and another one. */
  const targetOf = (raw: IncomingMessage): Target | "clash" | undefined => {
    if (bound === undefined) return undefined;
    const { isSeparate } = bound;
    const named = namedHosts(raw, proxied);
    const isOurs = (text: string): boolean => {
      const host = parseHost(text);
      return host !== undefined && isSeparate(host.hostname);
    };
    if (![...named.own, ...named.forwarded].some(isOurs)) return undefined;
    // A proxy may replace Host by a name of its own; then all names that it forwards are equal.
    const relevant = named.own.some(isOurs) ? [...named.own, ...named.forwarded.filter(isOurs)] : named.forwarded;
    const hosts = relevant.map(parseHost);
    const [first] = hosts;
    return first !== undefined && hosts.every((host) => host?.hostname === first.hostname) ? first : "clash";
  };

  const refuse = (_raw: IncomingMessage, stream: Duplex): void => {
    stream.on("error", () => undefined);
    stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  };

  return {
    bind(...[isSeparate, handler]: Parameters<SeparateEdge["separate"]>): void {
      if (bound !== undefined) throw new Error("separate hosts are bound already");
      bound = { isSeparate, handler };
    },
    /** Answers a request to a separate host. @returns false when it is not one */
    take(raw: IncomingMessage, response: ServerResponse): boolean {
      const target = targetOf(raw);
      if (target === undefined || bound === undefined) return false;
      if (target === "clash") fault(raw, response, 421, "The request names two hosts.");
      else void answer(raw, response, { handler: bound.handler, target });
      return true;
    },
    /** @returns false when the request is not to a separate host */
    refuseUpgrade(raw: IncomingMessage, stream: Duplex): boolean {
      if (targetOf(raw) === undefined) return false;
      refuse(raw, stream);
      return true;
    },
    refuse,
    /** Answers any request, whatever host it names. */
    serve(raw: IncomingMessage, response: ServerResponse, handler: SeparateHandler): void {
      const named = namedHosts(raw, proxied);
      const target = [...named.forwarded, ...named.own].map(parseHost).find((host) => host !== undefined);
      void answer(raw, response, { handler, target: target ?? { hostname: "", port: "" } });
    },
  };
};
