/** The HTTP server over fastify: one route table, the same checks for every operation, a problem for every error. */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { AuditTrail } from "#platform/audit";
import { FatalStorageError } from "#platform/blobs";
import type { Bus } from "#platform/bus";
import type { Metrics } from "#platform/metrics";
import type { Route, RouteMethod } from "@atelier/contracts";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type RequestChecks, checkRate, checkRequest, checkAddress, rateKey } from "../request-checks.ts";
import { type BodyBudgetLimits, createBodyBudget, expectedBytes } from "../body-budget.ts";
import { checkAnswer } from "../check-answer.ts";
import type { TrustedProxies } from "../client-address.ts";
import { DEFAULT_BODY_BYTES } from "../openapi.ts";
import { parseCall } from "../parse-call.ts";
import { createPathPattern, type PathPattern } from "../path-pattern.ts";
import type { Answer, Call, Handler, HttpServer, PageHandler, RequestFacts } from "../ports.ts";
import { retryAfter, toProblem } from "../problem-answer.ts";
import { internalUrl, pathOf } from "../public-path.ts";
import { requestFacts } from "../request-facts.ts";
import { securityHeaders } from "../security-headers.ts";
import { parseJsonBody } from "./json-body.ts";
import { answerBytes, createReplyBudget } from "./reply-budget.ts";
import { createSeparateHosts, type Listener } from "./separate-hosts.ts";
import { askForBody, cutLateBody, discardRest, hasBody, streamedBody } from "./streamed-body.ts";
import { type ChannelOf, createSocketListener } from "./socket-listener.ts";

const HEADERS_DEADLINE_MS = 15_000;
/** Time for a request's body to arrive; a streamed one may take an hour, and is cut off earlier when it stalls. */
const BODY_DEADLINE_MS = 120_000;
const STREAMED_BODY_DEADLINE_MS = 3_600_000;
/** How often Node checks connections against their deadlines; with its default of 30 s the headers could take three times their 15 s. */
const DEADLINE_CHECK_MS = 1_000;
/** As fastify's own servers have it. */
const KEEP_ALIVE_MS = 72_000;
/** Response status lines for bytes that are no valid request, by the parser's code. */
const CLIENT_FAULTS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

export type FastifyServerOptions = RequestChecks & {
  readonly audit: AuditTrail;
  /** Announces ended sign-ins, whose sockets are then closed. */
  readonly bus: Pick<Bus, "subscribe">;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly trusted: TrustedProxies;
  readonly basePath: string;
  readonly assetBaseUrl: string;
  readonly https: boolean;
  /** PEM texts; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Check every response against its schema; a mismatch becomes server/internal. On in tests. */
  readonly checkAnswers: boolean;
  /** Memory for the bodies of requests and responses; BODY_BUDGET. */
  readonly bodyBudget?: BodyBudgetLimits;
  /** Time for a request's headers to arrive, from its first byte; 15 s. */
  readonly headersDeadlineMs?: number;
  /** Time for a request's body to arrive, unless it is streamed; 2 minutes. */
  readonly bodyDeadlineMs?: number;
  /** A streamed body of which nothing arrives for so long ends with its connection; half a minute. */
  readonly bodyStalledMs?: number;
  /** Time without progress after which the connection of an unread response is closed; half a minute. */
  readonly answerStalledMs?: number;
  /** Sockets that one user may have open at once; absent: any number. */
  readonly socketsPerUser?: number;
  /** Memory for messages that wait on open sockets; SOCKET_BUDGET. */
  readonly socketBudget?: BodyBudgetLimits;
  readonly channelOf: ChannelOf;
  /** Called with errors after which the process has to end; the response is still server/internal. */
  readonly onFatal?: (error: FatalStorageError) => void;
};

type RequestState = { facts: RequestFacts; actor: Actor | undefined; startedMs: number };
type AnyRequest = FastifyRequest & { atelier: RequestState };

type RouteConfig = { readonly operation?: string; readonly isStreamed?: boolean };
const configOf = (request: FastifyRequest): RouteConfig =>
  (request.routeOptions.config as RouteConfig | undefined) ?? {};
const operationOf = (request: FastifyRequest): string => configOf(request).operation ?? "unknown";

const isStream = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === "object" && body !== null && Symbol.asyncIterator in body;

const wantsPage = (request: FastifyRequest): boolean =>
  (request.method === "GET" || request.method === "HEAD") &&
  !pathOf(request.url).startsWith("/api") &&
  (request.headers.accept ?? "").includes("text/html");

export const createFastifyServer = (options: FastifyServerOptions): HttpServer => {
  const { log, clock } = options;
  const seconds = options.metrics.histogram("http_request_duration_seconds", "Time to answer, by operation.", {
    labelNames: ["operation", "status"],
  });
  const bodies = createBodyBudget(options.bodyBudget);
  const replies = createReplyBudget(bodies, options.answerStalledMs);
  const operations: { method: RouteMethod; pattern: PathPattern }[] = [];
  const boundRoutes = new Set<string>();
  let unknownPage: PageHandler | undefined;
  let draining = false;
  const others: Server[] = [];

  const headersTimeout = options.headersDeadlineMs ?? HEADERS_DEADLINE_MS;
  const deadlines = { headersTimeout, connectionsCheckingInterval: Math.min(DEADLINE_CHECK_MS, headersTimeout / 2) };
  const separate = createSeparateHosts({
    proxied: options.origin.proxied,
    trusted: options.trusted,
    bodies,
    stalledMs: options.answerStalledMs,
    log,
  });
  /** @param listener gets every request that is not for a separate host */
  const newServer = (listener: Listener) => {
    const server =
      options.tls === undefined
        ? createServer(deadlines, listener)
        : createTlsServer({ ...options.tls, ...deadlines, minVersion: "TLSv1.3" as const }, listener);
    // Node has one such deadline for all requests; ours depends on the route.
    server.requestTimeout = 0;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    return server;
  };
  const app = fastify({
    logger: false,
    genReqId: () => createId(),
    bodyLimit: DEFAULT_BODY_BYTES,
    serverFactory: (listener: Listener) =>
      newServer((raw, response) => {
        if (!separate.take(raw, response)) listener(raw, response);
      }),
    routerOptions: { maxParamLength: 400, caseSensitive: true, ignoreTrailingSlash: false },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    rewriteUrl: (raw) => internalUrl(raw.url ?? "/", options.basePath),
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, error);
    },
    clientErrorHandler(error, socket) {
      if (socket.writable) {
        const status = CLIENT_FAULTS[error.code] ?? "400 Bad Request";
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      } else socket.destroy();
    },
  }) as unknown as FastifyInstance;

  const fixedHeaders = securityHeaders(options);
  const facts = (request: FastifyRequest): RequestFacts => (request as AnyRequest).atelier.facts;

  const senderOf = (request: FastifyRequest): string =>
    rateKey((request as AnyRequest).atelier.actor, facts(request).address);

  const sendProblem = (request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply => {
    const problem = toProblem(error);
    if (problem.code === "server/internal") {
      if (error instanceof FatalStorageError) options.onFatal?.(error);
      // The path may contain a share link's token: the operation's name is logged instead.
      log.error("http.failed", {
        requestId: request.id,
        method: request.method,
        operation: operationOf(request),
        error,
      });
    }
    const wait = retryAfter(problem);
    if (wait !== undefined) void reply.header("retry-after", wait);
    return (
      reply
        .headers(fixedHeaders)
        .code(problem.status)
        .header("cache-control", "no-store")
        .header("content-type", "application/problem+json")
        // Bytes: fastify would add a charset, which the media type does not have.
        .send(Buffer.from(JSON.stringify(problem.toBody(request.id, pathOf(request.originalUrl)))))
    );
  };

  app.decorateRequest("atelier", null as unknown as RequestState);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, bytes, done) => {
    try {
      done(null, parseJsonBody(bytes as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  app.addHook("onRequest", async (request, reply) => {
    (request as AnyRequest).atelier = {
      facts: requestFacts(request.raw, reply.raw, { id: request.id, trusted: options.trusted }),
      actor: undefined,
      startedMs: clock.monotonic(),
    };
    if (hasBody(facts(request).headers)) {
      const deadlineMs = options.bodyDeadlineMs ?? BODY_DEADLINE_MS;
      cutLateBody(request.raw, configOf(request).isStreamed === true ? STREAMED_BODY_DEADLINE_MS : deadlineMs);
    }
    void reply.headers(fixedHeaders).header("x-request-id", request.id);
    // Some clients send a content type without a body.
    if (request.headers["content-length"] === "0") delete request.raw.headers["content-type"];
  });
  app.addHook("preParsing", async (request, reply) => {
    if (configOf(request).isStreamed !== true) askForBody(request.raw, reply.raw);
  });
  app.server.on("checkContinue", (request, response) => app.server.emit("request", request, response));
  app.addHook("onResponse", async (request, reply) => {
    const tookMs = clock.monotonic() - (request as AnyRequest).atelier.startedMs;
    const operation = operationOf(request);
    seconds.observe(tookMs / 1000, { operation, status: String(reply.statusCode) });
    log.debug("http.answered", {
      requestId: request.id,
      operation,
      method: request.method,
      status: reply.statusCode,
      tookMs: Math.round(tookMs * 10) / 10,
    });
  });

  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request.url);
    const methods = operations
      .filter((operation) => operation.pattern.match(path) !== undefined)
      .map(({ method }) => method);
    if (methods.length > 0) {
      void reply.header("allow", [...new Set(methods)].join(", "));
      throw new Problem("request/method-not-allowed");
    }
    if (unknownPage === undefined || !wantsPage(request)) throw new Problem("request/not-found");
    await checkAddress(options, pageRequest(request, reply));
    return answerPage(unknownPage, request, reply);
  });

  const pageRequest = (request: FastifyRequest, reply: FastifyReply) => ({
    facts: facts(request),
    tell: (headers: Record<string, string>): void => void reply.headers(headers),
  });

  const answerPage = async (
    handler: PageHandler,
    request: FastifyRequest,
    reply: FastifyReply,
    fixed = false,
  ): Promise<FastifyReply> => {
    const answer = await handler({
      path: pathOf(request.url),
      params: request.params as Record<string, string>,
      query: new URL(request.url, "http://own").searchParams,
      request: facts(request),
    });
    if (!fixed) replies.reserve(reply, senderOf(request), answerBytes(answer.body));
    return replies.send(reply.code(answer.status).headers(answer.headers), answer.body);
  };

  /** A failure while the body is sent: the status has been sent before, so only the early end of the response shows it. */
  const toldWhenCut = async function* (
    bytes: AsyncIterable<Uint8Array>,
    requestId: string,
    route: Route,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      log.error("http.stream-failed", { requestId, operation: route.id, error });
      throw error;
    }
  };

  /** Failed sign-ins are in the audit log, also those that a rate limit refuses. */
  const recordRefusal = (route: Route, request: FastifyRequest, error: unknown): void => {
    if (route.audit === null || route.auditRefusals !== true) return;
    const problem = toProblem(error);
    // A failure of the server is not a refusal.
    if (problem.status >= 500) return;
    const userId = problem.extra.auditUserId ?? (request as AnyRequest).atelier.actor?.userId;
    options.audit.record({
      action: `${route.audit}-refused`,
      target: problem.code,
      address: facts(request).address,
      requestId: request.id,
      ...(userId === undefined ? {} : { userId }),
    });
  };

  const answerCall = (
    route: Route,
    request: FastifyRequest,
    reply: FastifyReply,
    answer: Answer<Route>,
  ): FastifyReply => {
    const { actor } = (request as AnyRequest).atelier;
    const params = request.params as Record<string, string | undefined>;
    const status = Number(answer.status);
    if (options.checkAnswers) checkAnswer(route, status, answer.body);
    const streamed = isStream(answer.body) ? answer.body : undefined;
    const whole = streamed === undefined ? answer.body : undefined;
    const isBytes = whole instanceof Uint8Array;
    const body = isBytes || whole === undefined ? whole : JSON.stringify(whole);
    // Only the responses of reads are limited, because clients can repeat reads; requests that change data always get their response. The
    // handler of a stream reserves its own memory.
    if (route.method === "GET") replies.reserve(reply, senderOf(request), answerBytes(body));
    if (route.audit !== null) {
      const userId = answer.audit?.userId ?? actor?.userId;
      const projectId = answer.audit?.projectId ?? params["projectId"];
      options.audit.record({
        action: route.audit,
        address: facts(request).address,
        requestId: request.id,
        ...(userId === undefined ? {} : { userId }),
        ...(projectId === undefined ? {} : { projectId }),
        ...(answer.audit?.target === undefined ? {} : { target: answer.audit.target }),
      });
    }
    void reply
      .code(status)
      .header("cache-control", "no-store")
      .headers(answer.headers ?? {});
    if (answer.cookies !== undefined) void reply.header("set-cookie", [...answer.cookies]);
    if (streamed !== undefined) return replies.stream(reply, toldWhenCut(streamed, request.id, route));
    if (body !== undefined && !isBytes) void reply.type("application/json; charset=utf-8");
    return replies.send(reply, body);
  };

  const sockets = createSocketListener({
    checks: options,
    trusted: options.trusted,
    basePath: options.basePath,
    bus: options.bus,
    audit: options.audit,
    clock,
    ...(options.socketsPerUser === undefined ? {} : { socketsPerUser: options.socketsPerUser }),
    channelOf: options.channelOf,
    ...(options.socketBudget === undefined ? {} : { socketBudget: options.socketBudget }),
    log,
  });
  app.server.on("upgrade", (raw, stream, head) => {
    if (!separate.refuseUpgrade(raw, stream)) sockets.upgrade(raw, stream, head);
  });

  return {
    bind<R extends Route>(route: R, handler: Handler<R>) {
      if (boundRoutes.has(route.id)) throw new Error(`route ${route.id} is bound already`);
      boundRoutes.add(route.id);
      operations.push({ method: route.method, pattern: createPathPattern(`/api${route.path}`) });
      const { streamedBody: mediaTypes } = route;
      const isStreamed = mediaTypes !== undefined;
      const declare = (scope: FastifyInstance): unknown =>
        scope.route({
          method: route.method,
          url: `/api${route.path}`,
          bodyLimit: route.bodyLimitBytes ?? DEFAULT_BODY_BYTES,
          config: { operation: route.id, isStreamed },
          async onRequest(request, reply) {
            if (isStreamed) discardRest(request.raw, reply.raw);
            if (draining) {
              void reply.header("connection", "close");
              throw new Problem("server/stopping");
            }
            const tell = (headers: Record<string, string>): void => void reply.headers(headers);
            const { atelier } = request as AnyRequest;
            atelier.actor = await checkRequest(options, route, { method: request.method, facts: atelier.facts, tell });
            if (reply.raw.closed) {
              // The connection is closed already, so no event will report that the rest of the body is missing.
              log.debug("http.left-early", { requestId: request.id, operation: route.id });
              throw new Problem("request/invalid", "The connection was closed.");
            }
            if (isStreamed) return;
            const bytes = expectedBytes(atelier.facts.headers, route.bodyLimitBytes ?? DEFAULT_BODY_BYTES);
            if (bytes !== undefined) replies.reserve(reply, senderOf(request), bytes);
          },
          async handler(request, reply) {
            const { atelier } = request as AnyRequest;
            const refused = (error: unknown): never => {
              recordRefusal(route, request, error);
              throw error;
            };
            const body = isStreamed ? undefined : request.body;
            const parts = parseCall(route, { params: request.params, query: request.query, body });
            if (isStreamed) parts.body = streamedBody(request.raw, reply.raw, options.bodyStalledMs);
            const reserve = (bytes: number): void => replies.reserve(reply, senderOf(request), bytes);
            const admit = (): Promise<void> =>
              checkRate(options, route.rate, { actor: atelier.actor, facts: atelier.facts });
            const call = { ...parts, actor: atelier.actor, request: atelier.facts, reserve, admit } as Call<R>;
            return answerCall(route, request, reply, (await handler(call).catch(refused)) as unknown as Answer<Route>);
          },
        });
      if (!isStreamed) {
        declare(app);
        return;
      }
      // A scope of its own: elsewhere these media types stay unsupported.
      void app.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser([...mediaTypes], (_request, _payload, done) => done(null));
        declare(scope);
      });
    },
    page(path, handler, { fixed = false } = {}) {
      app.route({
        method: "GET",
        url: path,
        config: { operation: `page ${path}` },
        async onRequest(request, reply) {
          if (!fixed) await checkAddress(options, pageRequest(request, reply));
        },
        handler: (request, reply) => answerPage(handler, request, reply, fixed),
      });
    },
    unknownPage(handler) {
      unknownPage = handler;
    },
    socket: sockets.bind,
    separate: (isSeparate, handler) => separate.bind(isSeparate, handler),
    async listenSeparately(where, handler) {
      const server = newServer((raw, response) => separate.serve(raw, response, handler));
      server.on("upgrade", (raw, stream) => separate.refuse(raw, stream));
      server.on("checkContinue", (raw, response) => separate.serve(raw, response, handler));
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(where.port, where.host, resolve);
      });
      others.push(server);
    },
    async listen(where) {
      await app.listen({ host: where.host, port: where.port });
      return { port: (app.server.address() as AddressInfo).port };
    },
    async drain() {
      draining = true;
      await sockets.closeAll();
    },
    async close() {
      draining = true;
      await sockets.closeAll();
      await Promise.all([
        app.close(),
        ...others.map(async (server) => {
          const closed = once(server, "close");
          server.close();
          server.closeIdleConnections();
          await closed;
        }),
      ]);
    },
    socketCount: (path) => sockets.count(path),
    get socketsOpening() {
      return sockets.opening;
    },
  };
};
