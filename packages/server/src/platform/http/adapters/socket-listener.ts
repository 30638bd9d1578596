/** WebSocket upgrades by `ws`: check of the origin, authentication before the first frame, heartbeats, and an orderly close. */
import type { Actor } from "#kernel/actor";
import type { Clock, Timer } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { AuditTrail } from "#platform/audit";
import type { Bus } from "#platform/bus";
import type { Channel, Reserve } from "#platform/channels";
import { CLOSE } from "@atelier/contracts";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { BodyBudgetLimits } from "../body-budget.ts";
import { type RequestChecks, bearerToken, rateKey } from "../request-checks.ts";
import type { TrustedProxies } from "../client-address.ts";
import { isOwnOrigin } from "../own-origin.ts";
import { createPathPattern, type PathPattern } from "../path-pattern.ts";
import type { Edge, SocketCall } from "../ports.ts";
import { internalUrl } from "../public-path.ts";
import { addressOf } from "../request-facts.ts";
import { toProblem } from "../problem-answer.ts";
import { ServerSocket } from "./server-socket.ts";
import { createSignInEnds, type EndsHeard } from "../sign-in-ends.ts";
import { createSocketBudget } from "../socket-budget.ts";

const HEARTBEAT_MS = 30_000;
/** Pings are sent in this many slices per heartbeat, so that ten thousand sockets do not block the event loop. */
const HEARTBEAT_SLICES = 30;
const CLOSE_SLICE = 200;
const CLOSE_PAUSE_MS = 5;
const CLOSE_DEADLINE_MS = 2000;

type Bound = {
  readonly path: string;
  readonly pattern: PathPattern;
  readonly server: WebSocketServer;
  readonly handler: (call: SocketCall) => void;
};

type Upgrade = {
  readonly raw: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
  /** Listens since before the authentication began. */
  readonly ended: EndsHeard;
};

/**
 * @param reserve counts queued frames in the budget of their sender
 * @param stream the socket's connection; frames on it are neither masked nor compressed
 */
export type ChannelOf = (socket: WebSocket, reserve: Reserve, stream: Duplex) => Channel;

export type SocketListenerOptions = {
  readonly checks: RequestChecks;
  readonly trusted: TrustedProxies;
  readonly basePath: string;
  /** Absent: any number. */
  readonly socketsPerUser?: number;
  /** Memory for incomplete frames and for messages that wait; SOCKET_BUDGET. */
  readonly socketBudget?: BodyBudgetLimits;
  /** Makes the channel over an accepted socket. */
  readonly channelOf: ChannelOf;
  readonly bus: Pick<Bus, "subscribe">;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
};

export type SocketListener = {
  readonly bind: Edge["socket"];
  readonly upgrade: (raw: IncomingMessage, stream: Duplex, head: Buffer) => void;
  /** Closes all sockets with 1012 and accepts no new ones. */
  closeAll(): Promise<void>;
  count(path: string): number;
  /** Number of pending handshakes. */
  readonly opening: number;
};

/** Thrown when a handshake fails or its connection ends. */
class HandshakeFailed extends Error {}

const refuse = (stream: Duplex, status: string): void => {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

export const createSocketListener = (options: SocketListenerOptions): SocketListener => {
  const { checks, clock, log } = options;
  const bound: Bound[] = [];
  const signInEnds = createSignInEnds(options.bus);
  const slices = Array.from({ length: HEARTBEAT_SLICES }, () => new Set<ServerSocket>());
  const silent = new WeakSet<ServerSocket>();
  const openBy = new Map<string, number>();
  const budget = createSocketBudget(options.socketBudget);
  let closing = false;
  let slice = 0;
  let beating: Timer | undefined;

  const beat = (): void => {
    slice = (slice + 1) % HEARTBEAT_SLICES;
    for (const socket of slices[slice] ?? []) {
      // Pongs of a paused socket are not read. Pings are still sent, because a write to a closed connection fails.
      if (!socket.takePaused() && silent.has(socket)) socket.terminate();
      else {
        silent.add(socket);
        socket.ping();
      }
    }
  };
  const beatLater = (): void => {
    beating = clock.after(HEARTBEAT_MS / HEARTBEAT_SLICES, () => {
      beat();
      beatLater();
    });
  };
  const watch = (socket: ServerSocket): void => {
    if (beating === undefined) beatLater();
    // The slice before the current one gets the next ping last, so that a new socket has a whole heartbeat to respond.
    const own = slices[slice] ?? new Set();
    own.add(socket);
    socket.on("pong", () => silent.delete(socket));
    socket.on("close", () => own.delete(socket));
    // Protocol errors close the socket; without a listener they would end the process.
    socket.on("error", (error) => log.debug("socket.error", { reason: error.message }));
  };

  const authenticate = async (raw: IncomingMessage, query: URLSearchParams): Promise<Actor> => {
    const ticket = query.get("ticket");
    if (ticket !== null) return checks.authenticator.redeemTicket(ticket);
    const token = bearerToken(raw.headers.authorization) ?? query.get("token");
    if (token === null) throw new Problem("identity/sign-in-required");
    return checks.authenticator.authenticateToken(token);
  };

  /** @throws HandshakeFailed when `ws` refuses the request, or the connection ends first, because `ws` then calls no callback */
  const accept = (target: Bound, { raw, stream, head }: Upgrade): Promise<ServerSocket> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new HandshakeFailed("the handshake failed"));
      if (stream.destroyed) return fail();
      stream.once("close", fail);
      target.server.handleUpgrade(raw, stream, head, (socket) => {
        stream.off("close", fail);
        // The server is constructed with this class.
        resolve(socket as ServerSocket);
      });
    });

  /** Counts the bytes of incomplete messages; a client that exceeds the budget is disconnected. */
  const limitMemory = (socket: WebSocket, stream: Duplex, sender: string): void => {
    const frames = budget.watch({
      stream,
      sender,
      exceeded: () => {
        socket.close(CLOSE.overloaded, "too much data is waiting");
        // Without this the rest of the frame would use memory until the client answers the close.
        socket.terminate();
      },
    });
    socket.on("message", () => frames.complete());
    for (const control of ["ping", "pong"] as const)
      socket.on(control, (payload: Buffer) => frames.control(payload.byteLength));
  };

  /** Browsers only see why a socket closed when the upgrade itself succeeded. */
  const acceptAndClose = async (target: Bound, upgrade: Upgrade, problem: Problem): Promise<void> => {
    const socket = await accept(target, upgrade);
    limitMemory(socket, upgrade.stream, rateKey(undefined, addressOf(upgrade.raw, options.trusted)));
    socket.on("error", (error) => log.debug("socket.error", { reason: error.message }));
    const code =
      problem.status === 401
        ? CLOSE.signedOut
        : problem.status === 429
          ? CLOSE.tooFast
          : problem.status === 503
            ? CLOSE.overloaded
            : 1011;
    socket.close(code, problem.code);
  };

  const takeOne = async (actor: Actor | undefined, address: string): Promise<void> => {
    const decision = await checks.rateLimits.take("read", rateKey(actor, address));
    if (!decision.allowed) throw new Problem("request/rate-limited");
  };
  const admitOpener = async (raw: IncomingMessage, query: URLSearchParams, address: string): Promise<Actor> => {
    let actor: Actor;
    try {
      actor = await authenticate(raw, query);
    } catch (error) {
      // Sockets of refused openers count for their address.
      await takeOne(undefined, address);
      throw error;
    }
    await takeOne(actor, address);
    return actor;
  };

  const open = async (target: Bound, params: Record<string, string>, upgrade: Upgrade): Promise<void> => {
    const query = new URL(upgrade.raw.url ?? "/", "http://own").searchParams;
    const address = addressOf(upgrade.raw, options.trusted);
    const id = createId();
    let actor: Actor;
    try {
      actor = await admitOpener(upgrade.raw, query, address);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === "server/internal")
        log.error("socket.open-failed", { path: target.path, requestId: id, error });
      if (!upgrade.stream.destroyed) await acceptAndClose(target, upgrade, problem);
      return;
    }
    if (upgrade.stream.destroyed) return;
    if (upgrade.ended.has(actor.signInId))
      return acceptAndClose(target, upgrade, new Problem("identity/token-invalid"));
    const others = openBy.get(actor.userId) ?? 0;
    if (others >= (options.socketsPerUser ?? Number.POSITIVE_INFINITY))
      return acceptAndClose(target, upgrade, new Problem("request/rate-limited"));
    openBy.set(actor.userId, others + 1);
    upgrade.stream.once("close", () => {
      const left = (openBy.get(actor.userId) ?? 1) - 1;
      if (left > 0) openBy.set(actor.userId, left);
      else openBy.delete(actor.userId);
    });
    const socket = await accept(target, upgrade);
    watch(socket);
    limitMemory(socket, upgrade.stream, rateKey(actor, address));
    if (closing) return socket.close(CLOSE.moving);
    signInEnds.watch(actor.signInId, socket);
    if (upgrade.ended.has(actor.signInId)) return socket.close(CLOSE.signedOut, "signed out");
    for (const name of ["ticket", "token"]) query.delete(name);
    const reserve: Reserve = (bytes) => budget.reserve(rateKey(actor, address), bytes);
    const admit: SocketCall["admit"] = () =>
      takeOne(actor, address).then(
        () => true,
        () => false,
      );
    const channel = options.channelOf(socket, reserve, upgrade.stream);
    const audit: SocketCall["audit"] = (entry) =>
      options.audit.record({ ...entry, userId: actor.userId, address, requestId: id });
    const reads = (): void => undefined;
    const { path } = target;
    const request = { id, address };
    target.handler({
      channel,
      path,
      params,
      query,
      actor,
      request,
      isRelayed: false,
      reserve,
      admit,
      reads,
      audit,
    });
  };

  return {
    bind(path, limits, handler) {
      if (bound.some((other) => other.path === path)) throw new Error(`socket ${path} is bound already`);
      const server = new WebSocketServer({
        noServer: true,
        WebSocket: ServerSocket,
        perMessageDeflate: false,
        maxPayload: limits.maxFrameBytes,
        clientTracking: true,
      });
      bound.push({ path, pattern: createPathPattern(`/api${path}`), server, handler });
    },
    upgrade(raw, stream, head) {
      stream.on("error", (error) => log.debug("socket.error", { reason: error.message }));
      const url = internalUrl(raw.url ?? "/", options.basePath);
      const path = URL.canParse(url, "http://own") ? new URL(url, "http://own").pathname : "";
      const { origin } = raw.headers;
      if (origin !== undefined && !isOwnOrigin(origin, raw.headers, checks.origin))
        return refuse(stream, "403 Forbidden");
      if (closing) return refuse(stream, "503 Service Unavailable");
      for (const target of bound) {
        const params = target.pattern.match(path);
        if (params === undefined) continue;
        const ended = signInEnds.listen();
        open(target, params, { raw, stream, head, ended })
          .catch((error: unknown) => {
            if (error instanceof HandshakeFailed) return;
            log.error("socket.open-failed", { path: target.path, error });
            stream.destroy();
          })
          .finally(() => ended.stop());
        return;
      }
      refuse(stream, "404 Not Found");
    },
    async closeAll() {
      closing = true;
      signInEnds.stop();
      beating?.cancel();
      const sockets = bound.flatMap((target) => [...target.server.clients]);
      const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
      for (let at = 0; at < sockets.length; at += CLOSE_SLICE) {
        if (at > 0) await new Promise<void>((resolve) => clock.after(CLOSE_PAUSE_MS, resolve));
        for (const socket of sockets.slice(at, at + CLOSE_SLICE)) socket.close(CLOSE.moving, "moving");
      }
      let late: Timer | undefined;
      await Promise.race([closed, new Promise<void>((resolve) => (late = clock.after(CLOSE_DEADLINE_MS, resolve)))]);
      late?.cancel();
      for (const target of bound) for (const socket of target.server.clients) socket.terminate();
    },
    get opening() {
      return signInEnds.listening;
    },
    count: (path) => bound.find((target) => target.path === path)?.server.clients.size ?? 0,
  };
};
