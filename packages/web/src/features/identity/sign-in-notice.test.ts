import type { User } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { createStore } from "zustand/vanilla";
import type { SessionState } from "../../app/session.ts";
import { createSignInNoticeStore, watchSignIn } from "./sign-in-notice.ts";

const signedIn = (id: string, name = id): SessionState => {
  const user: User = { id, kind: "registered", name, plan: "free", createdAt: "2026-01-01T00:00:00.000Z" };
  return { kind: "signed-in", user, accessToken: `token of ${id}`, endsAtMs: 0 };
};

const watch = (first: SessionState) => {
  const session = createStore<SessionState>(() => first);
  const notice = createSignInNoticeStore();
  let backs = 0;
  const stop = watchSignIn(session, notice, () => {
    backs += 1;
  });
  return {
    become: (state: SessionState) => session.setState(state, true),
    kind: () => notice.getState().kind,
    backs: () => backs,
    stop,
  };
};

describe("the notice about who is signed in", () => {
  it("shows that the opener is signed out, and disappears when the same user signs in again", () => {
    const page = watch(signedIn("ada"));
    page.become({ kind: "none" });
    expect(page.kind()).toBe("signed-out");
    page.become(signedIn("ada"));
    expect([page.kind(), page.backs()]).toEqual(["none", 1]);
  });

  it("names another user, also after a time without a sign-in", () => {
    const page = watch(signedIn("ada"));
    page.become({ kind: "none" });
    page.become(signedIn("bob"));
    expect([page.kind(), page.backs()]).toEqual(["somebody-else", 0]);
  });

  it("calls back for a new name and not for a renewed token", () => {
    const page = watch(signedIn("ada", "Quiet Heron"));
    page.become(signedIn("ada", "Quiet Heron"));
    expect(page.backs()).toBe(0);
    page.become(signedIn("ada", "Ada"));
    expect([page.kind(), page.backs()]).toEqual(["none", 1]);
  });

  it("shows nothing without a sign-in at the opening, and nothing after it was stopped", () => {
    const page = watch({ kind: "none" });
    expect(page.kind()).toBe("none");
    page.become(signedIn("guest"));
    expect(page.kind()).toBe("none");
    page.become(signedIn("ada"));
    expect(page.kind()).toBe("somebody-else");
    page.stop();
    expect(page.kind()).toBe("none");
    page.become({ kind: "none" });
    expect(page.kind()).toBe("none");
  });
});
