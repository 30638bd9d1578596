/** Waits for a sign-in before something is asked of the server that only a signed-in user gets. */
import type { StoreApi } from "zustand/vanilla";
import { Unreachable } from "./api-problem.ts";
import type { SessionState } from "./session.ts";

/** Below the time after which a socket that does not open is given up and tried anew. */
const LONGEST_WAIT_MS = 8_000;

/**
 * Resolves as soon as somebody is signed in. Rejects after eight seconds, so that those who try again and again do not all
 * come at once in the end. @throws Unreachable
 */
export const whenSignedIn = (store: StoreApi<SessionState>): Promise<void> => {
  if (store.getState().kind === "signed-in") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unsubscribe();
      reject(new Unreachable("nobody is signed in"));
    }, LONGEST_WAIT_MS);
    const unsubscribe = store.subscribe(({ kind }) => {
      if (kind !== "signed-in") return;
      clearTimeout(timer);
      unsubscribe();
      resolve();
    });
  });
};
