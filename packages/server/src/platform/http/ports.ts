/** The edge's interface for modules: they bind handlers to the contracts' routes and sockets, and do not depend on the HTTP library. */
import type { Actor } from "#kernel/actor";
import type { AuditEntry } from "#platform/audit";
import type { Channel, Reserve } from "#platform/channels";
import type { Route, RouteAnswer, RouteBody, RouteParams, RouteQuery } from "@atelier/contracts";

/** Facts of the request beyond its parsed parts. */
export type RequestFacts = {
  readonly id: string;
  /** The client's address after TRUST_PROXY. */
  readonly address: string;
  /** Lower-case name -> value; several values are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
};

export type Call<R extends Route> = {
  readonly params: RouteParams<R>;
  readonly query: RouteQuery<R>;
  readonly body: RouteBody<R>;
  readonly actor: R["access"] extends "user" ? Actor : Actor | undefined;
  readonly request: RequestFacts;
  /**
   * Reserves memory for the bytes that the handler reads, until the response is complete. The edge counts responses itself.
   * @throws Problem request/rate-limited when the caller's pending bodies exceed the limit, server/unavailable when those of all callers do
   */
  readonly reserve: (bytes: number) => void;
  /**
   * Counts a further operation of the same request in the caller's rate limits; the edge has counted the first.
   * @throws Problem request/rate-limited
   */
  readonly admit: () => Promise<void>;
};

export type Answer<R extends Route> = {
  readonly status: keyof R["responses"];
  readonly body: RouteAnswer<R>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set-Cookie lines, made by the module that owns the cookie. */
  readonly cookies?: readonly string[];
  /** Columns of the audit row beside user, action, time and address. */
  readonly audit?: { readonly projectId?: string; readonly target?: string; readonly userId?: string };
};

export type Handler<R extends Route> = (call: Call<R>) => Promise<Answer<R>>;

/** An accepted socket of an authenticated user. The Origin was checked before. */
export type SocketCall = {
  /** Queued frames count in the budget of this user, and of all users. */
  readonly channel: Channel;
  /** The contracts' path of the socket that serves the channel. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly actor: Actor;
  readonly request: Pick<RequestFacts, "id" | "address">;
  /** True when another node has the socket and relays the channel to this one. */
  readonly isRelayed: boolean;
  /** Reserves memory in the budget of the user, for frames of channels whose carrier this channel is. */
  readonly reserve: Reserve;
  /** Counts a further opening in the user's rate limits. @returns false when the limit is exceeded. Never rejects. */
  readonly admit: () => Promise<boolean>;
  /** To be called with the project that is read, if the path does not name it. A wrapper of the edge may record it. */
  readonly reads: (projectId: string) => void;
  /** Adds a row to the audit log with the user and their address. */
  readonly audit: (entry: Pick<AuditEntry, "action" | "projectId" | "target">) => void;
};

export interface Edge {
  /** @throws Error when the route is bound already */
  bind<R extends Route>(route: R, handler: Handler<R>): void;
  /** @param path one of the contracts' `sockets`. Frames above maxFrameBytes close the socket. */
  socket(path: string, options: { readonly maxFrameBytes: number }, handler: (call: SocketCall) => void): void;
}

/** Authenticates credentials; implemented by identity. */
export interface Authenticator {
  authenticateToken(accessToken: string): Promise<Actor>;
  redeemTicket(ticket: string): Promise<Actor>;
}

/** A request for something that is not an API operation: the page, an asset, a probe. */
export type PageRequest = {
  /** Decoded, below BASE_PATH, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly request: RequestFacts;
};
export type PageAnswer = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};
export type PageHandler = (request: PageRequest) => Promise<PageAnswer>;

/** The edge beyond the API; the gateway role binds the page with it. */
export interface PageEdge {
  /**
   * Answers GET and HEAD at a path; parameters as `:name`, a trailing `*` matches the rest. Requests count for their address,
   * as reads, unless the page is `fixed`: the same bytes for everybody, which are always in memory.
   */
  page(path: string, handler: PageHandler, options?: { readonly fixed?: boolean }): void;
  /** Answers requests for HTML at unknown addresses; all other requests there get a 404 problem. */
  unknownPage(handler: PageHandler): void;
}

/** A request to a host that is not the server's own: it never reaches routes, pages and sockets. GET or HEAD. */
export type SeparateRequest = {
  /** Lower case, without port and final dot. */
  readonly hostname: string;
  /** As the browser sees it; empty: the scheme's. */
  readonly port: string;
  /** Path and query as they were sent, from the first slash on. */
  readonly url: string;
  /** Cookies and credentials are left out. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly address: string;
  /** As Call.reserve, in the budget of `sender`. */
  readonly reserve: (sender: string, bytes: number) => void;
};
export type SeparateHandler = (request: SeparateRequest) => Promise<PageAnswer>;

/** Hosts of their own beside the server's: other origins for pages that are not trusted. */
export interface SeparateEdge {
  /** Requests in which any host name is one of these go to the handler, and only to it. */
  separate(isSeparate: (hostname: string) => boolean, handler: SeparateHandler): void;
  /** A port of its own, at which every request goes to the handler. */
  listenSeparately(where: { readonly host: string; readonly port: number }, handler: SeparateHandler): Promise<void>;
}

/** The edge with its listener, for the composition root. */
export interface HttpServer extends Edge, PageEdge, SeparateEdge {
  /** Resolves when connections are accepted. @throws Error with code EADDRINUSE, EACCES … */
  listen(options: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Refuses new API requests (503 server/stopping) and closes every socket with 1012, a slice at a time. */
  drain(): Promise<void>;
  /** Stops listening and waits for the pending requests. */
  close(): Promise<void>;
  /** Open sockets by path. */
  socketCount(path: string): number;
  /** Number of pending socket handshakes, for tests and metrics. */
  readonly socketsOpening: number;
}
