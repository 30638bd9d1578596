/** Closes sockets when their sign-in ends, from the start of the authentication, because modules get a socket only when it is open. */
import type { Bus } from "#platform/bus";
import { CLOSE } from "@atelier/contracts";
import type { WebSocket } from "ws";

/** The sign-ins that have ended since `listen` was called. */
export type EndsHeard = { has(signInId: string): boolean; stop(): void };

export type SignInEnds = {
  /** To be called before the authentication of a socket begins. */
  listen(): EndsHeard;
  /** From now on the socket closes with its sign-in. */
  watch(signInId: string, socket: WebSocket): void;
  /** Number of openings that listen. */
  readonly listening: number;
  stop(): void;
};

export const createSignInEnds = (bus: Pick<Bus, "subscribe">): SignInEnds => {
  const hearing = new Set<Set<string>>();
  const open = new Map<string, Set<WebSocket>>();
  const stop = bus.subscribe("sign-in-ended", ({ signInId }) => {
    for (const heard of hearing) heard.add(signInId);
    for (const socket of open.get(signInId) ?? []) socket.close(CLOSE.signedOut, "signed out");
  });

  return {
    stop,
    get listening() {
      return hearing.size;
    },
    listen() {
      const heard = new Set<string>();
      hearing.add(heard);
      return { has: (signInId) => heard.has(signInId), stop: () => void hearing.delete(heard) };
    },
    watch(signInId, socket) {
      const own = open.get(signInId) ?? new Set();
      open.set(signInId, own.add(socket));
      socket.once("close", () => {
        own.delete(socket);
        if (own.size === 0 && open.get(signInId) === own) open.delete(signInId);
      });
    },
  };
};
