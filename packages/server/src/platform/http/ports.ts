/** The edge as modules see it: they bind handlers to the contracts' routes and sockets, and never meet the HTTP library. */
import type { Actor } from "#kernel/actor";
import type { Route, RouteAnswer, RouteBody, RouteParams, RouteQuery } from "@atelier/contracts";
import type { WebSocket } from "ws";

/** What is known of the request beyond its parsed parts. */
export type RequestFacts = {
  readonly id: string;
  /** The client's address after TRUST_PROXY. */
  readonly address: string;
  /** Lower-case name -> value; several values are joined as HTTP does. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** Aborted when the client went away. */
  readonly signal: AbortSignal;
};

export type Call<R extends Route> = {
  readonly params: RouteParams<R>;
  readonly query: RouteQuery<R>;
  readonly body: RouteBody<R>;
  readonly actor: R["access"] extends "user" ? Actor : Actor | undefined;
  readonly request: RequestFacts;
};

export type Answer<R extends Route> = {
  readonly status: keyof R["responses"];
  readonly body: RouteAnswer<R>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set-Cookie lines, made by the module that owns the cookie. */
  readonly cookies?: readonly string[];
  /** What the audit row names beside user, action, time and address. */
  readonly audit?: { readonly projectId?: string; readonly target?: string; readonly userId?: string };
};

export type Handler<R extends Route> = (call: Call<R>) => Promise<Answer<R>>;

/** An accepted socket whose opener is authenticated. The Origin was checked before. */
export type SocketCall = {
  readonly socket: WebSocket;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly actor: Actor;
  readonly request: Pick<RequestFacts, "id" | "address">;
};

export interface Edge {
  /** @throws Error when the route was bound before. */
  bind<R extends Route>(route: R, handler: Handler<R>): void;
  /** @param path one of the contracts' `sockets`. Frames above maxFrameBytes close the socket. */
  socket(path: string, options: { readonly maxFrameBytes: number }, handler: (call: SocketCall) => void): void;
}

/** Who is behind a credential; identity answers. */
export interface Authenticator {
  authenticateToken(accessToken: string): Promise<Actor>;
  redeemTicket(ticket: string): Promise<Actor>;
}
