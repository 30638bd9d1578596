/** Checks whether the user who opened the project is still signed in: another tab may sign out, or sign another user in. */
import type { User } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { SessionState } from "../../app/session.ts";

export type SignInNotice = { kind: "none" } | { kind: "signed-out" } | { kind: "somebody-else"; name: string };
export type SignInNoticeStore = StoreApi<SignInNotice>;

export const createSignInNoticeStore = (): SignInNoticeStore => createStore<SignInNotice>(() => ({ kind: "none" }));

/** @param opener who was signed in when the project was opened; undefined: nobody */
export const noticeFor = (opener: Pick<User, "id"> | undefined, session: SessionState): SignInNotice => {
  if (opener === undefined) return { kind: "none" };
  if (session.kind === "none") return { kind: "signed-out" };
  return session.user.id === opener.id ? { kind: "none" } : { kind: "somebody-else", name: session.user.name };
};

/**
 * Keeps the notice up to date until the returned function is called.
 * @param onBack the opener is signed in again, or is called something else now
 */
export const watchSignIn = (
  session: StoreApi<SessionState>,
  notice: SignInNoticeStore,
  onBack: () => void,
): (() => void) => {
  const userOf = (state: SessionState): User | undefined => (state.kind === "signed-in" ? state.user : undefined);
  let opener = userOf(session.getState());
  let name = opener?.name;
  const stop = session.subscribe((now) => {
    opener ??= userOf(now);
    const next = noticeFor(opener, now);
    const wasAway = notice.getState().kind !== "none";
    notice.setState(next, true);
    if (next.kind !== "none" || now.kind !== "signed-in") return;
    if (wasAway || now.user.name !== name) onBack();
    name = now.user.name;
  });
  return () => {
    stop();
    notice.setState({ kind: "none" }, true);
  };
};
