import { routes, type SignedIn } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { ApiProblem } from "./api-problem.ts";
import { createSession } from "./session.ts";
import type { Transport } from "./transport.ts";

const problem = (code: string, status: number): ApiProblem =>
  new ApiProblem({ type: "about:blank", title: code, status, code, retryable: false, requestId: "r" });

const signedIn = (name: string): SignedIn => ({
  accessToken: `token of ${name}`,
  expiresIn: 900,
  user: { id: name, kind: "guest", name, plan: "free", createdAt: "2026-01-01T00:00:00.000Z" },
});

const setUp = (answers: Record<string, () => SignedIn | Promise<SignedIn>>) => {
  const calls: string[] = [];
  const signedOut: unknown[] = [];
  const locks: string[] = [];
  const kept = new Map<string, string>();
  const clock = { nowMs: 0 };
  const transport = (async (route: { id?: string; path: string }, input: unknown, token: unknown) => {
    calls.push(route.path);
    if (route.path === routes.logout.path) signedOut.push({ input, token });
    const answer = answers[route.path];
    if (!answer) throw new Error(`unexpected ${route.path}`);
    return answer();
  }) as unknown as Transport;
  const session = createSession({
    transport,
    storage: {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    },
    exclusively: (lock, task) => {
      locks.push(lock);
      return task();
    },
    nowMs: () => clock.nowMs,
    announce: () => undefined,
  });
  return { session, calls, signedOut, locks, kept, clock };
};

describe("session", () => {
  it("sends no request on a first visit", async () => {
    const { session, calls } = setUp({});
    await session.restore(false);
    expect(calls).toEqual([]);
    expect(session.user()).toBeUndefined();
  });

  it("refreshes once, under the lock, when a hint says that there is a cookie", async () => {
    const { session, calls, locks, kept } = setUp({ [routes.refresh.path]: () => signedIn("Ada") });
    kept.set("atelier.signedIn", "1");
    await Promise.all([session.restore(false), session.token(), session.token()]);
    expect(calls).toEqual([routes.refresh.path]);
    expect(locks).toEqual(["atelier.refresh"]);
    expect(await session.token()).toBe("token of Ada");
  });

  it("renews a token shortly before it ends and not earlier", async () => {
    const { session, calls, clock } = setUp({
      [routes.signInAsGuest.path]: () => signedIn("guest"),
      [routes.refresh.path]: () => signedIn("renewed"),
    });
    await session.ensure();
    clock.nowMs = 869_000;
    expect(await session.token()).toBe("token of guest");
    clock.nowMs = 871_000;
    expect(await session.token()).toBe("token of renewed");
    expect(calls).toEqual([routes.signInAsGuest.path, routes.refresh.path]);
  });

  it("creates one guest for any number of concurrent calls", async () => {
    const { session, calls } = setUp({ [routes.signInAsGuest.path]: () => signedIn("guest") });
    const users = await Promise.all([session.ensure(), session.ensure(), session.ensure()]);
    expect(new Set(users.map(({ id }) => id)).size).toBe(1);
    expect(calls).toEqual([routes.signInAsGuest.path]);
  });

  it("makes no guest of somebody whose sign-in could only not be restored before", async () => {
    const answers = [() => Promise.reject(new Error("no network")), () => Promise.resolve(signedIn("Ada"))];
    const { session, calls, kept } = setUp({
      [routes.refresh.path]: () => (answers.shift() ?? (() => signedIn("?")))(),
    });
    kept.set("atelier.signedIn", "1");
    await expect(session.restore(false)).rejects.toThrow("no network");
    expect((await session.ensure()).name).toBe("Ada");
    expect(calls).toEqual([routes.refresh.path, routes.refresh.path]);
  });

  it("signs the guest out who logged into an account, by its token alone; whoever stays the same stays signed in", async () => {
    const { session, signedOut } = setUp({ [routes.signInAsGuest.path]: () => signedIn("guest") });
    await session.ensure();
    await session.accept(signedIn("guest"));
    expect(signedOut).toEqual([]);
    // It counts as signed in here although the guest could not be signed out.
    await session.accept(signedIn("Ada"));
    expect(signedOut).toEqual([{ input: { withoutCookie: true }, token: "token of guest" }]);
    expect(session.user()?.name).toBe("Ada");
  });

  it("forgets a sign-in that has ended, and keeps one that only can't be asked", async () => {
    let error: Error = new Error("no network");
    const { session, kept } = setUp({ [routes.refresh.path]: () => Promise.reject(error) });
    kept.set("atelier.signedIn", "1");
    await expect(session.restore(false)).rejects.toThrow("no network");
    expect(kept.get("atelier.signedIn")).toBe("1");
    error = problem("identity/refresh-invalid", 401);
    await session.restore(false);
    expect(kept.has("atelier.signedIn")).toBe(false);
  });

  it("believes another tab that somebody signed in, also before the shared storage says so", async () => {
    const { session, calls } = setUp({ [routes.refresh.path]: () => signedIn("Bob") });
    await session.resync("signed-in");
    expect(session.user()?.name).toBe("Bob");
    await session.resync("signed-out");
    expect(session.user()).toBeUndefined();
    expect(calls).toEqual([routes.refresh.path]);
  });

  it("asks again when a renewal of the sign-in that ended is still under way", async () => {
    let refuse: (error: Error) => void = () => undefined;
    const answers = [
      () => new Promise<SignedIn>((_, reject) => (refuse = reject)),
      () => Promise.resolve(signedIn("Bob")),
    ];
    const { session } = setUp({ [routes.refresh.path]: () => (answers.shift() ?? (() => signedIn("?")))() });
    const restoring = session.restore(true);
    const resyncing = session.resync("signed-in");
    refuse(problem("identity/refresh-invalid", 401));
    await Promise.all([restoring, resyncing]);
    expect(session.user()?.name).toBe("Bob");
  });
});
