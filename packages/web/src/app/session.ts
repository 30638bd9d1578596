/** Who is signed in here: the access token in memory, the refresh token in a cookie that only the server reads. */
import { routes, type SignedIn, type User } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";
import { isProblem } from "./api-problem.ts";
import type { Transport } from "./transport.ts";

/** Says that a refresh cookie is probably there, so that a first visitor's page asks for nothing. */
const HINT = "atelier.signedIn";
const LOCK = "atelier.refresh";
/** Renewed this long before the token ends, so that no request leaves with one that ends on the way. */
const RENEW_BEFORE_MS = 30_000;

export type SessionState = { kind: "none" } | { kind: "signed-in"; user: User; accessToken: string; endsAtMs: number };

/** What a tab tells the others. The words are what counts: shared storage may reach another tab later than they do. */
export type SignInChange = "signed-in" | "signed-out";

export type SessionDependencies = {
  readonly transport: Transport;
  /** Null where storage is denied. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
  /** Runs one task at a time across all tabs of this browser. */
  readonly exclusively: <T>(lock: string, task: () => Promise<T>) => Promise<T>;
  readonly nowMs: () => number;
  /** Tells this browser's other tabs what happened here. */
  readonly announce: (change: SignInChange) => void;
};

export interface Session {
  readonly store: StoreApi<SessionState>;
  user(): User | undefined;
  /** Picks up the sign-in of an earlier visit, if one is likely. */
  restore(isLikely: boolean): Promise<void>;
  /** A token that is good for at least some seconds; undefined when nobody is signed in. @throws Unreachable */
  token(options?: { renew: boolean }): Promise<string | undefined>;
  /** Signs in as a guest unless somebody is signed in. @throws ApiProblem identity/guests-closed */
  ensure(): Promise<User>;
  /** Takes over the answer of login, register or the admin link. Ends the sign-in of another user before. */
  accept(answer: SignedIn): Promise<void>;
  logOut(): Promise<void>;
  /** Another tab signed in or out. */
  resync(change: SignInChange): Promise<void>;
}

export const createSession = (dependencies: SessionDependencies): Session => {
  const { transport, storage, exclusively, nowMs, announce } = dependencies;
  const store = createStore<SessionState>(() => ({ kind: "none" }));
  let renewing: Promise<void> | undefined;
  let becomingGuest: Promise<User> | undefined;

  const take = (answer: SignedIn): User => {
    storage?.setItem(HINT, "1");
    const endsAtMs = nowMs() + answer.expiresIn * 1000;
    store.setState({ kind: "signed-in", user: answer.user, accessToken: answer.accessToken, endsAtMs }, true);
    return answer.user;
  };

  const forget = (): void => {
    storage?.removeItem(HINT);
    store.setState({ kind: "none" }, true);
  };

  const renewOnce = async (): Promise<void> => {
    try {
      take(await exclusively(LOCK, () => transport(routes.refresh, {}, undefined)));
    } catch (error) {
      if (isProblem(error, "identity/refresh-invalid")) forget();
      else throw error;
    }
  };

  const renew = async (): Promise<void> => {
    renewing ??= renewOnce().finally(() => {
      renewing = undefined;
    });
    await renewing;
  };

  const currentToken = (): string | undefined => {
    const state = store.getState();
    return state.kind === "signed-in" ? state.accessToken : undefined;
  };

  const needsRenewal = (state: SessionState): boolean =>
    state.kind === "signed-in" && state.endsAtMs - nowMs() < RENEW_BEFORE_MS;

  const user = (): User | undefined => {
    const state = store.getState();
    return state.kind === "signed-in" ? state.user : undefined;
  };

  const becomeGuest = async (): Promise<User> => {
    const guest = take(await transport(routes.signInAsGuest, {}, undefined));
    announce("signed-in");
    return guest;
  };

  return {
    store,
    user,
    async restore(isLikely) {
      if (isLikely || storage?.getItem(HINT) === "1") await renew();
    },
    async token(options) {
      if (renewing !== undefined || options?.renew === true || needsRenewal(store.getState())) await renew();
      return currentToken();
    },
    async ensure() {
      if (renewing !== undefined) await renewing;
      // An earlier restore may have failed because the network was down: a user with a sign-in must not become a second guest.
      if (!user() && storage?.getItem(HINT) === "1") await renew();
      const present = user();
      if (present) return present;
      becomingGuest ??= becomeGuest().finally(() => {
        becomingGuest = undefined;
      });
      return becomingGuest;
    },
    async accept(answer) {
      const before = store.getState();
      take(answer);
      announce("signed-in");
      if (before.kind !== "signed-in" || before.user.id === answer.user.id) return;
      // Its cookie is replaced, so it is of no use. Until it ends, the server refuses this device's unsent edits from another user.
      await transport(routes.logout, { withoutCookie: true }, before.accessToken).catch(() => undefined);
    },
    async logOut() {
      await transport(routes.logout, {}, currentToken());
      forget();
      announce("signed-out");
    },
    async resync(change) {
      if (change === "signed-out") {
        forget();
        return;
      }
      // A renewal that began before may still be about the sign-in that has ended.
      await renewing?.catch(() => undefined);
      await renew();
    },
  };
};
