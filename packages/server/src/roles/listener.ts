/** The HTTP listener as a component: refuses early that the port is taken, and drains before it closes. */
import type { Component } from "#kernel/lifecycle";
import type { HttpServer } from "#platform/http";
import { createServer } from "node:net";

type Where = { readonly host: string; readonly port: number };

/** Rejects when nothing can listen there; asked before anything is started, so that nothing has to be undone. */
export const probePort = ({ host, port }: Where): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });

/** Stops by closing the listener once the requests under way are answered; started before what answers them. */
export const closingOf = (server: HttpServer): Component => ({
  name: "http",
  async start() {},
  [Symbol.asyncDispose]: () => server.close(),
});

/** Stops first of all: no new request, sockets told to come back later; started after everything else. */
export const drainingOf = (server: HttpServer): Component => ({
  name: "edge",
  async start() {},
  [Symbol.asyncDispose]: () => server.drain(),
});
