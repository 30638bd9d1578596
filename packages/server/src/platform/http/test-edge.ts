/** For tests: the real HTTP server on a free port, with the tokens of two users and all audit rows. */
import type { Actor } from "#kernel/actor";
import { systemClock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { AuditEntry } from "#platform/audit";
import { createInProcessBus } from "../bus/adapters/in-process-bus.ts";
import { createWsChannel } from "../channels/adapters/ws-channel.ts";
import { createPrometheusMetrics } from "../metrics/adapters/prometheus-metrics.ts";
import { createMemoryRateLimits } from "../rate-limits/adapters/memory-rate-limits.ts";
import { createFastifyServer, type FastifyServerOptions } from "./adapters/fastify-server.ts";
import type { HttpServer } from "./ports.ts";

export const actorNamed = (name: string): Actor => ({
  userId: `01900000-0000-7000-8000-${name
    .padEnd(12, "0")
    .slice(0, 12)
    .replaceAll(/[^0-9a-f]/gu, "a")}`,
  kind: "registered",
  name,
  plan: "free",
  signInId: "01900000-0000-7000-8000-0000000000ff",
});

export type EdgeFixture = AsyncDisposable & {
  readonly server: HttpServer;
  readonly audited: AuditEntry[];
  /** Every logged line, as JSON. */
  readonly logged: string[];
  /** Starts listening. @returns `http://127.0.0.1:<port>` */
  listen(): Promise<string>;
};

/** Sends a request as one of the two users. */
export const callAs = (
  user: "alice" | "bob",
  url: string,
  { method = "GET", body, headers = {} }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> =>
  fetch(url, {
    method,
    headers: {
      authorization: `Bearer token-of-${user}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const TOKENS = new Map(["alice", "bob"].map((name) => [`token-of-${name}`, actorNamed(name)]));

/** @param changes the rate limits and other options that a test changes */
export const createEdgeFixture = (
  changes: Partial<FastifyServerOptions> & { readonly points?: number } = {},
): EdgeFixture => {
  const audited: AuditEntry[] = [];
  const logged: string[] = [];
  const line =
    (level: string) =>
    (event: string, fields: object = {}): void =>
      void logged.push(
        JSON.stringify({ level, event, ...fields, error: String((fields as { error?: unknown }).error) }),
      );
  const log: Log = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    with: () => log,
  };
  const usedTickets = new Set<string>();
  const points = changes.points ?? 100_000;
  const server = createFastifyServer({
    authenticator: {
      async authenticateToken(token) {
        const actor = TOKENS.get(token);
        if (actor === undefined) throw new Problem("identity/token-invalid");
        return actor;
      },
      async redeemTicket(ticket) {
        if (ticket !== "ticket-of-alice" || usedTickets.has(ticket)) throw new Problem("identity/ticket-invalid");
        usedTickets.add(ticket);
        return actorNamed("alice");
      },
    },
    rateLimits: createMemoryRateLimits({
      read: points,
      write: points,
      "sign-in": points,
      execute: points,
      export: points,
      import: points,
    }),
    origin: { proxied: false, https: false },
    bus: createInProcessBus(log),
    audit: { record: (entry) => void audited.push(entry) },
    metrics: createPrometheusMetrics(),
    log,
    clock: systemClock,
    channelOf: createWsChannel,
    trusted: { kind: "none" },
    basePath: "",
    assetBaseUrl: "",
    https: false,
    checkAnswers: true,
    ...changes,
  });
  return {
    server,
    audited,
    logged,
    async listen() {
      const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
      return `http://127.0.0.1:${port}`;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
};
