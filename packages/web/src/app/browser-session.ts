/** Connects the session to the browser: storage, Web Locks for one refresh at a time, a channel between tabs. */
import { logFault } from "./page-log.ts";
import { createSession, type Session, type SignInChange } from "./session.ts";
import { storageOrNull } from "./stored.ts";
import type { Transport } from "./transport.ts";

const CHANNEL = "atelier.session";

export const createBrowserSession = (transport: Transport): Session => {
  const channel = new BroadcastChannel(CHANNEL);
  const session = createSession({
    transport,
    storage: storageOrNull(),
    // Web Locks need a secure context: over plain http on a network the server's own 30 s of grace has to do.
    exclusively: <T>(lock: string, task: () => Promise<T>): Promise<T> =>
      "locks" in navigator ? navigator.locks.request(lock, task) : task(),
    nowMs: Date.now,
    announce: (change) => channel.postMessage(change),
  });
  channel.addEventListener("message", ({ data }: MessageEvent<SignInChange>) => {
    session.resync(data).catch((error: unknown) => logFault("session-not-renewed", error));
  });
  return session;
};
