/** A WebSocket that reconnects automatically: fast at first, then slower with jitter, at once when the network returns. */
import { CLOSE } from "@atelier/contracts";
import type { ConnectionEnvironment } from "./environment.ts";

export interface SocketEvents {
  /** A socket is open; messages may be sent. */
  onOpen: () => void;
  onMessage: (frame: Uint8Array) => void;
  /** The socket was closed, or could not be opened. */
  onClose: (code: number) => void;
  /** Sends a ping that the peer answers; called when nothing was received for a while, or when the connection may be dead. */
  probe: () => void;
  /** Whether data waits to be sent: then the retries are more frequent, because the browser may not notice that the network is back. */
  isUrgent?: () => boolean;
}

export interface ReconnectingSocket {
  /** False if there is no open socket: the frame is dropped. */
  send(frame: Uint8Array): boolean;
  /** Tries now instead of waiting (the user types, looks at the page, or the network came back). */
  hurry(): void;
  /** Closes an open socket, without `onClose`, and reconnects at once. */
  restart(): void;
  /** Called when the peer works: the next interruption starts with the fast retry again. */
  settled(): void;
  close(): void;
  readonly isOpen: boolean;
  /** Bytes that wait in the browser. */
  readonly unsentBytes: number;
}

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;
/** The longest delay while data waits, and for how long it applies: a longer interruption is not temporary. */
const URGENT_RETRY_MS = 700;
const URGENT_FOR_MS = 120_000;
/** A socket that takes longer to open is closed. */
const OPEN_TIMEOUT_MS = 10_000;
const PROBE_AFTER_SILENCE_MS = 20_000;
const DEAD_AFTER_PROBE_MS = 10_000;
/** The network or the user came back: an open socket may be dead without the browser knowing, as after a sleep. */
const DOUBTED_DEAD_AFTER_MS = 3_000;
/** Keys of the user cause at most one try in this time. */
export const HURRY_EVERY_MS = 1_000;
/** The close code of a connection that ended without one. */
const ABNORMAL = 1006;

/**
 * Milliseconds to wait before try number `attempt` (from 0): at most 200 ms for the first, then doubling to 10 s,
 * each spread over its upper half, so that a thousand pages do not reconnect at the same time.
 */
export function retryDelayMs(attempt: number, random: number, code = ABNORMAL): number {
  const pressed = code === CLOSE.overloaded || code === CLOSE.tooFast;
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt + (pressed ? 3 : 0)));
  return full / 2 + (full / 2) * random;
}

/** A problem (RFC 9457) comes from the server itself, so it works, perhaps overloaded: no fast retries then. */
const isAnswer = (error: unknown): boolean => typeof error === "object" && error !== null && "status" in error;

export function createReconnectingSocket(
  open: () => Promise<WebSocket>,
  events: SocketEvents,
  environment: ConnectionEnvironment,
): ReconnectingSocket {
  let socket: WebSocket | undefined;
  let isOpen = false;
  let closed = false;
  let attempt = 0;
  let round = 0;
  let lastTryAt = -Infinity;
  let awaySince: number | undefined;
  let heardAt = 0;
  let probedAt: number | undefined;
  let deadAfterMs = DEAD_AFTER_PROBE_MS;
  let cancelTimer: (() => void) | undefined;

  const later = (delayMs: number, run: () => void) => {
    cancelTimer?.();
    cancelTimer = environment.after(delayMs, run);
  };

  const waitMs = (code: number, isRefused: boolean): number => {
    const calmMs = retryDelayMs(attempt, environment.random(), code);
    const awayMs = environment.now() - (awaySince ?? environment.now());
    const mayHurry = !isRefused && code === ABNORMAL && awayMs < URGENT_FOR_MS && events.isUrgent?.() === true;
    return mayHurry ? Math.min(calmMs, (URGENT_RETRY_MS / 2) * (1 + environment.random())) : calmMs;
  };
  const lost = (of: number, code: number, isRefused = false) => {
    if (of !== round || closed) return;
    round += 1;
    socket = undefined;
    isOpen = false;
    cancelTimer?.();
    events.onClose(code);
    if (closed) return;
    awaySince ??= environment.now();
    later(waitMs(code, isRefused), connect);
    attempt += 1;
  };

  const probe = (of: number, patienceMs: number) => {
    probedAt = environment.now();
    deadAfterMs = patienceMs;
    events.probe();
    later(patienceMs, () => watch(of));
  };
  const watch = (of: number) => {
    const silentMs = environment.now() - heardAt;
    if (probedAt !== undefined && environment.now() - probedAt >= deadAfterMs) {
      const dead = socket;
      lost(of, ABNORMAL);
      dead?.close();
      return;
    }
    if (probedAt === undefined && silentMs >= PROBE_AFTER_SILENCE_MS) probe(of, DEAD_AFTER_PROBE_MS);
    else later(DEAD_AFTER_PROBE_MS / 2, () => watch(of));
  };

  const connect = () => {
    if (closed) return;
    cancelTimer?.();
    round += 1;
    const of = round;
    lastTryAt = environment.now();
    later(OPEN_TIMEOUT_MS, () => {
      const slow = socket;
      lost(of, ABNORMAL);
      slow?.close();
    });
    open().then(
      (opened) => {
        if (of !== round || closed) return opened.close();
        socket = opened;
        opened.binaryType = "arraybuffer";
        const ready = () => {
          if (of !== round) return;
          isOpen = true;
          awaySince = undefined;
          heardAt = environment.now();
          probedAt = undefined;
          later(PROBE_AFTER_SILENCE_MS, () => watch(of));
          events.onOpen();
        };
        opened.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
          if (of !== round) return;
          heardAt = environment.now();
          probedAt = undefined;
          events.onMessage(new Uint8Array(data));
        });
        opened.addEventListener("close", ({ code }) => lost(of, code));
        if (opened.readyState === WebSocket.OPEN) ready();
        else if (opened.readyState === WebSocket.CONNECTING) opened.addEventListener("open", ready);
        else lost(of, ABNORMAL);
      },
      (error: unknown) => lost(of, ABNORMAL, isAnswer(error)),
    );
  };

  const hurry = () => {
    if (closed || isOpen || environment.now() - lastTryAt < HURRY_EVERY_MS) return;
    if (socket) {
      const slow = socket;
      socket = undefined;
      slow.close();
    }
    connect();
  };
  const unwatch = environment.onWake((reason) => {
    if (reason === "offline") {
      const gone = socket;
      if (gone) lost(round, ABNORMAL);
      gone?.close();
      return;
    }
    if (isOpen) return probe(round, DOUBTED_DEAD_AFTER_MS);
    attempt = 0;
    lastTryAt = -Infinity;
    hurry();
  });

  connect();
  return {
    send: (frame) => {
      if (!isOpen || socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(frame as Uint8Array<ArrayBuffer>);
      return true;
    },
    hurry,
    restart: () => {
      const old = socket;
      socket = undefined;
      isOpen = false;
      // The close of the old socket starts no retry.
      round += 1;
      old?.close();
      attempt = 0;
      connect();
    },
    settled: () => {
      attempt = 0;
    },
    close: () => {
      closed = true;
      unwatch();
      cancelTimer?.();
      socket?.close(1000);
      socket = undefined;
      isOpen = false;
    },
    get isOpen() {
      return isOpen;
    },
    get unsentBytes() {
      return socket?.bufferedAmount ?? 0;
    },
  };
}
