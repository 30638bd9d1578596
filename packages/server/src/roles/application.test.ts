/** Every operation and every socket of the contracts has a handler. */
import { routes, sockets, type Route } from "@atelier/contracts";
import { expect, it } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { HttpServer } from "#platform/http";
import { createInProcessBus } from "../platform/bus/adapters/in-process-bus.ts";
import { type Application, bindApplication } from "./application.ts";

it("binds every route and socket once", () => {
  const bound: string[] = [];
  const opened: string[] = [];
  const edge: Pick<HttpServer, "bind" | "socket"> = {
    bind: (route: Route) => void bound.push(route.id),
    socket: (path) => void opened.push(path),
  };
  const parts = {
    identity: {},
    links: { serve: () => undefined },
    bus: createInProcessBus(silentLog),
    clock: createManualClock(),
    log: silentLog,
    linkReads: { through: (given: object) => given },
    https: false,
    previews: {},
    proxied: false,
  };
  // Binding only remembers the modules; none of them is called.
  bindApplication(
    edge as HttpServer,
    { collaboration: {}, liveFiles: {}, execution: {} } as Application,
    parts as never,
  );
  expect(bound.toSorted()).toEqual(Object.keys(routes).toSorted());
  expect(opened.toSorted()).toEqual(Object.values(sockets).toSorted());
});
