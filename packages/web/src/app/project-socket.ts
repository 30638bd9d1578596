/**
 * The page's one socket of a project, `WS /projects/:projectId/socket`: it reconnects automatically, and then every channel is opened again.
 * A single channel that the server closed is opened again automatically; the others are not affected.
 */
import { type ChannelOpening, CLOSE, sockets } from "@atelier/contracts";
import { type CarriedChannel, type ChannelCarrier, createChannelCarrier, type PageFrame } from "./channel-carrier.ts";
import type { ConnectionEnvironment } from "./environment.ts";
import {
  createReconnectingSocket,
  HURRY_EVERY_MS,
  type ReconnectingSocket,
  retryDelayMs,
} from "./reconnecting-socket.ts";

export interface ChannelEvents {
  /** A channel is open; the server has no state of an earlier one. Never called while `openChannel` runs. */
  onOpen: () => void;
  onFrame: (frame: PageFrame) => void;
  /** The channel was closed, or could not be opened: with the close code of the channel, or of the socket. Return `stop` to end the retries. */
  onClose: (code: number) => "again" | "stop";
  /** Whether data waits to be sent: then a lost socket is retried more often. */
  isUrgent?: () => boolean;
}

export interface PageChannel {
  /** False if the channel is not open: the frame is dropped. */
  send(frame: PageFrame): boolean;
  /** Tries now instead of waiting. */
  hurry(): void;
  /** Closes the channel and opens it again at once. */
  restart(): void;
  /** The server serves the channel: the next interruption starts with the quick retry again. */
  settled(): void;
  close(): void;
  readonly isOpen: boolean;
}

/** @param opening called at each opening */
export type OpenChannel = (projectId: string, opening: () => ChannelOpening, events: ChannelEvents) => PageChannel;

export interface ProjectSockets {
  readonly openChannel: OpenChannel;
  /** Opens a project's socket anew, for another sign-in. */
  restart(projectId: string): void;
}

/** Close codes of a channel after which it is not opened again. */
export const FINAL_CLOSE_CODES: readonly number[] = [CLOSE.rightsTaken, CLOSE.notFound];

/** One project's socket, from its first channel until its last one is closed. */
const createProjectSocket = (options: {
  readonly open: () => Promise<WebSocket>;
  readonly environment: ConnectionEnvironment;
  readonly unused: () => void;
}) => {
  const { environment } = options;
  /** Members that want a channel. */
  const members = new Set<{ attach(): void; lost(code: number): void; isUrgent(): boolean }>();
  let carrier: ChannelCarrier | undefined;

  const loseAll = (code: number): void => {
    carrier = undefined;
    for (const member of members) member.lost(code);
  };
  const socket: ReconnectingSocket = createReconnectingSocket(
    options.open,
    {
      onOpen() {
        carrier = createChannelCarrier({
          write: (bytes) => void socket.send(bytes),
          unsentBytes: () => socket.unsentBytes,
          now: () => environment.now(),
          after: (delayMs, run) => environment.after(delayMs, run),
        });
        for (const member of members) member.attach();
      },
      onMessage(bytes) {
        socket.settled();
        if (carrier?.receive(bytes) === false) restart();
      },
      onClose: loseAll,
      probe: () => carrier?.ping(),
      isUrgent: () => [...members].some((member) => member.isUrgent()),
    },
    environment,
  );
  const restart = (): void => {
    loseAll(CLOSE.moving);
    socket.restart();
  };

  const join = (opening: () => ChannelOpening, events: ChannelEvents): PageChannel => {
    let channel: CarriedChannel | undefined;
    let attempt = 0;
    let triedAt = -Infinity;
    let isOver = false;
    let cancelRetry: (() => void) | undefined;

    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      cancelRetry?.();
      members.delete(member);
      if (members.size > 0) return;
      socket.close();
      options.unused();
    };
    const attach = (): void => {
      cancelRetry?.();
      if (isOver || channel !== undefined || carrier === undefined) return;
      triedAt = environment.now();
      channel = carrier.open(opening(), {
        onFrame: events.onFrame,
        onClose(code) {
          channel = undefined;
          if (events.onClose(code) === "stop") return leave();
          cancelRetry = environment.after(retryDelayMs(attempt, environment.random(), code), attach);
          attempt += 1;
        },
      });
      events.onOpen();
    };
    const member = {
      attach,
      lost(code: number) {
        cancelRetry?.();
        channel = undefined;
        attempt = 0;
        if (events.onClose(code) === "stop") leave();
      },
      isUrgent: () => events.isUrgent?.() === true,
    };
    members.add(member);
    queueMicrotask(attach);
    return {
      send(frame) {
        channel?.send(frame);
        return channel !== undefined;
      },
      hurry() {
        if (carrier === undefined) socket.hurry();
        else if (environment.now() - triedAt >= HURRY_EVERY_MS) attach();
      },
      restart() {
        channel?.close();
        channel = undefined;
        attempt = 0;
        attach();
      },
      settled() {
        attempt = 0;
      },
      close() {
        channel?.close();
        channel = undefined;
        leave();
      },
      get isOpen() {
        return channel !== undefined;
      },
    };
  };
  return { join, restart };
};

/** @param options.open opens a connecting socket at a path below the base path; rejects when no ticket can be had */
export const createProjectSockets = (options: {
  readonly open: (path: string) => Promise<WebSocket>;
  readonly environment: ConnectionEnvironment;
}): ProjectSockets => {
  const { open, environment } = options;
  const byProject = new Map<string, ReturnType<typeof createProjectSocket>>();
  return {
    openChannel(projectId, opening, events) {
      const known = byProject.get(projectId);
      const socket =
        known ??
        createProjectSocket({
          open: () => open(`/api${sockets.project.replace(":projectId", projectId)}`),
          environment,
          unused: () => byProject.delete(projectId),
        });
      byProject.set(projectId, socket);
      return socket.join(opening, events);
    },
    restart: (projectId) => byProject.get(projectId)?.restart(),
  };
};
