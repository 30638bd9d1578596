/** Guests, accounts and sign-ins over HTTP and a real database; numbers are SPEC.md's. */
import { type Me, ProblemSchema } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createId } from "#kernel/ids";
import { startTestIdentity, type TestClient, type TestIdentity } from "./test-identity.ts";

let it_: TestIdentity;
beforeAll(async () => {
  it_ = await startTestIdentity();
});
afterAll(() => it_[Symbol.asyncDispose]());

let serial = 0;
const newEmail = (): string => `person-${++serial}@example.org`;
const PASSWORD = "correct horse battery";
const codeOf = async (answer: Response): Promise<string> => ProblemSchema.parse(await answer.json()).code;
const me = async (client: TestClient): Promise<Me> => (await (await client.call("GET", "/me")).json()) as Me;

describe("guests and accounts", () => {
  it("[1] makes a guest a real user", async () => {
    const client = it_.client();
    const { user, expiresIn } = await client.signIn("/auth/guest");
    expect(user).toMatchObject({ kind: "guest", plan: "free" });
    expect(expiresIn).toBe(900);
    expect(await me(client)).toMatchObject({ id: user.id, name: user.name, usage: { projects: 0 } });
    expect(it_.audited.at(-1)).toMatchObject({ action: "identity.guest", userId: user.id });
  });

  it("[2] registers the guest in place, and the earlier token is invalid", async () => {
    const client = it_.client();
    const guest = await client.signIn("/auth/guest");
    const before = client.cookie;
    const account = await client.signIn("/auth/register", { email: newEmail(), password: PASSWORD, name: "Ada" });
    expect(account.user).toMatchObject({ id: guest.user.id, kind: "registered", name: "Ada" });
    expect((await me(client)).kind).toBe("registered");
    const thief = it_.client();
    thief.cookie = before;
    expect(await codeOf(await thief.call("POST", "/auth/refresh"))).toBe("identity/refresh-invalid");
  });

  it("creates an account, refuses a used address in upper or lower case, and signs in", async () => {
    const email = newEmail();
    const registered = await it_.client().signIn("/auth/register", { email, password: PASSWORD, name: "Bo" });
    const again = await it_
      .client()
      .call("POST", "/auth/register", { email: email.toUpperCase(), password: PASSWORD, name: "Bo" });
    expect([again.status, await codeOf(again)]).toEqual([409, "identity/email-taken"]);
    const guest = it_.client();
    await guest.signIn("/auth/guest");
    const taken = await guest.call("POST", "/auth/register", { email, password: PASSWORD, name: "Bo" });
    expect(await codeOf(taken)).toBe("identity/email-taken");
    expect((await me(guest)).kind).toBe("guest");
    const { user } = await it_.client().signIn("/auth/login", { email: email.toUpperCase(), password: PASSWORD });
    expect(user.id).toBe(registered.user.id);
  });

  it("[3] gives an unknown user and a wrong password the same response, after the same work", async () => {
    const email = newEmail();
    await it_.client().signIn("/auth/register", { email, password: PASSWORD, name: "Cy" });
    const attempt = async (address: string) => {
      const before = it_.comparedHashes.length;
      const answer = await it_.client().call("POST", "/auth/login", { email: address, password: "wrong" });
      const { requestId: _, ...body } = ProblemSchema.parse(await answer.json());
      // Algorithm and cost of each hash that the password was compared with, without salt and digest.
      const work = it_.comparedHashes.slice(before).map((hash) => hash.split("$").slice(0, 4).join("$"));
      return { body, status: answer.status, work };
    };
    const known = await attempt(email);
    const unknown = await attempt(newEmail());
    expect(unknown).toEqual(known);
    expect([known.status, known.body.code]).toEqual([401, "identity/wrong-credentials"]);
    expect(known.work).toEqual([expect.stringMatching(/^\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+$/u)]);
  });

  it("[4] delays 100 wrong passwords, and the right one works later", async () => {
    const email = newEmail();
    await it_.client().signIn("/auth/register", { email, password: PASSWORD, name: "Di" });
    const login = (password: string) => it_.client().call("POST", "/auth/login", { email, password });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => login(`guess ${at}`)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    const slowed = answers.filter(({ status }) => status === 429);
    expect(slowed).toHaveLength(95);
    expect(Number(slowed[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await login(PASSWORD)).status).toBe(429);
    const other = await it_.client().call("POST", "/auth/login", { email: newEmail(), password: "x" });
    expect(other.status).toBe(401);
    it_.clock.advance(60_000);
    expect((await login(PASSWORD)).status).toBe(200);
    expect((await login("wrong again")).status).toBe(401);
  });

  it("stores settings and names, and refuses unknown fields", async () => {
    const client = it_.client();
    await client.signIn("/auth/guest");
    expect((await client.call("PUT", "/me/settings", { theme: "dark", nested: { tabSize: 2 } })).status).toBe(200);
    expect(await (await client.call("GET", "/me/settings")).json()).toEqual({ theme: "dark", nested: { tabSize: 2 } });
    const renamed = await client.call("PATCH", "/me", { name: "  Eve  " });
    expect(((await renamed.json()) as Me).name).toBe("Eve");
    for (const body of [{ plan: "enterprise" }, { id: "x" }, { is_admin: true }, { name: "a\u0000b" }, { name: "" }]) {
      expect((await client.call("PATCH", "/me", body)).status, JSON.stringify(body)).toBe(400);
    }
    expect((await me(client)).plan).toBe("free");
  });
});

describe("refresh tokens", () => {
  it("[7] rotates, and gives 20 parallel refreshes of one token the same successor", async () => {
    const client = it_.client();
    await client.signIn("/auth/guest");
    const used = client.cookie;
    const tabs = Array.from({ length: 20 }, () => Object.assign(it_.client(), { cookie: used }));
    await Promise.all(tabs.map((tab) => tab.signIn("/auth/refresh")));
    const successors = new Set(tabs.map((tab) => tab.cookie));
    expect(successors.size).toBe(1);
    expect([...successors][0]).not.toBe(used);
    it_.clock.advance(29_000);
    const late = Object.assign(it_.client(), { cookie: used });
    await late.signIn("/auth/refresh");
    expect(late.cookie).toBe(tabs[0]?.cookie);
    await late.signIn("/auth/refresh");
  });

  it("[8] ends the sign-in when the previous token is used after 30 s, and announces it", async () => {
    const client = it_.client();
    const { accessToken } = await client.signIn("/auth/guest");
    const stolen = client.cookie;
    await client.signIn("/auth/refresh");
    const before = it_.ended.length;
    it_.clock.advance(31_000);
    const thief = Object.assign(it_.client(), { cookie: stolen });
    expect(await codeOf(await thief.call("POST", "/auth/refresh"))).toBe("identity/refresh-invalid");
    expect(it_.ended).toHaveLength(before + 1);
    expect(await codeOf(await client.call("POST", "/auth/refresh"))).toBe("identity/refresh-invalid");
    const old = Object.assign(it_.client(), { accessToken });
    expect(await codeOf(await old.call("GET", "/me"))).toBe("identity/token-invalid");
  });

  it("[8] ends the sign-in when a token from two rotations ago is used", async () => {
    const client = it_.client();
    await client.signIn("/auth/guest");
    const first = client.cookie;
    await client.signIn("/auth/refresh");
    await client.signIn("/auth/refresh");
    const thief = Object.assign(it_.client(), { cookie: first });
    expect((await thief.call("POST", "/auth/refresh")).status).toBe(401);
    expect((await client.call("POST", "/auth/refresh")).status).toBe(401);
  });

  it("[8] ignores tokens that are not from this server", async () => {
    const client = it_.client();
    await client.signIn("/auth/guest");
    const [name = "", token = ""] = (client.cookie ?? "").split("=");
    const forged = token.slice(0, -4) + (token.endsWith("AAAA") ? "BBBB" : "AAAA");
    for (const value of [forged, "", "x", "a".repeat(75), token + "A", "%00", "../../etc"]) {
      const liar = Object.assign(it_.client(), { cookie: `${name}=${value}` });
      expect((await liar.call("POST", "/auth/refresh")).status, value).toBe(401);
    }
    await client.signIn("/auth/refresh");
  });

  it("[9] logout ends the sign-in and its access tokens, announces it, and clears the cookie", async () => {
    const client = it_.client();
    await client.signIn("/auth/guest");
    const { cookie, accessToken } = client;
    const answer = await client.call("POST", "/auth/logout");
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()[0]).toContain("Max-Age=0");
    expect(it_.audited.at(-1)?.action).toBe("identity.logout");
    const after = Object.assign(it_.client(), { cookie, accessToken });
    expect((await after.call("POST", "/auth/refresh")).status).toBe(401);
    expect(await codeOf(await after.call("GET", "/me"))).toBe("identity/token-invalid");
    const again = await it_.client().call("POST", "/auth/logout", undefined, { authorization: "Bearer nonsense" });
    expect(again.status).toBe(204);
  });

  it("[10] sets a cookie that scripts can't read and other sites can't send", async () => {
    const answer = await it_.client().call("POST", "/auth/guest");
    const [line = ""] = answer.headers.getSetCookie();
    expect(line).toMatch(/^atelier-refresh=[\w-]{75}; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Strict$/u);
  });

  it("[13] reads a token without rotating it", async () => {
    const client = it_.client();
    const { user } = await client.signIn("/auth/guest");
    const token = client.cookie?.split("=")[1] ?? "";
    expect((await it_.identity.findByRefreshToken(token))?.user.id).toBe(user.id);
    expect((await it_.identity.findByRefreshToken(token))?.actor.userId).toBe(user.id);
    await client.signIn("/auth/refresh");
    it_.clock.advance(31_000);
    expect(await it_.identity.findByRefreshToken(token)).toBeUndefined();
    await client.signIn("/auth/refresh");
  });
});

describe("tickets and the administrator", () => {
  it("[11] accepts a ticket once, within 30 s, and stores no clear text", async () => {
    const client = it_.client();
    const { user } = await client.signIn("/auth/guest");
    const ticket = async () => ((await (await client.call("POST", "/tickets")).json()) as { ticket: string }).ticket;
    const first = await ticket();
    const takers = await Promise.allSettled(Array.from({ length: 10 }, () => it_.identity.redeemTicket(first)));
    const won = takers.filter((taker) => taker.status === "fulfilled");
    expect(won.map((taker) => taker.value.userId)).toEqual([user.id]);
    const late = await ticket();
    it_.clock.advance(30_001);
    await expect(it_.identity.redeemTicket(late)).rejects.toMatchObject({ code: "identity/ticket-invalid" });
    const orphan = await ticket();
    await client.call("POST", "/auth/logout");
    await expect(it_.identity.redeemTicket(orphan)).rejects.toMatchObject({ code: "identity/ticket-invalid" });
  });

  it("[12] creates one administrator with the newest link, once", async () => {
    const older = await it_.identity.createAdminLink();
    const link = (await it_.identity.createAdminLink()) ?? "";
    const use = (token: string) =>
      it_.client().call("POST", "/auth/admin-link", { token, email: newEmail(), password: PASSWORD, name: "Root" });
    expect(await codeOf(await use(older ?? ""))).toBe("identity/admin-link-invalid");
    const answers = await Promise.all([use(link), use(link), use(link)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 404, 404]);
    expect(await it_.identity.createAdminLink()).toBeUndefined();
  });
});

describe("another configuration", () => {
  it("[1] refuses guests with GUESTS=off, and over https the cookie is __Host- and Secure", async () => {
    await using closed = await startTestIdentity({ guests: false, https: true });
    const refused = await closed.client().call("POST", "/auth/guest");
    expect([refused.status, await codeOf(refused)]).toEqual([403, "identity/guests-closed"]);
    const answer = await closed
      .client()
      .call("POST", "/auth/register", { email: newEmail(), password: PASSWORD, name: "Flo" });
    expect(answer.status).toBe(201);
    const [line = ""] = answer.headers.getSetCookie();
    expect(line).toMatch(
      /^__Host-atelier-refresh=[\w-]{75}; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Strict; Secure$/u,
    );
    expect(answer.headers.get("strict-transport-security")).toMatch(/max-age=\d{7,}/u);
  });
});

it("[19] lists the sign-ins that have ended, whose account is disabled, or that are unknown", async () => {
  const signInOf = async (client: TestClient): Promise<string> => {
    const { accessToken } = await client.signIn("/auth/guest");
    return (await it_.identity.authenticateToken(accessToken)).signInId;
  };
  const [live, left, disabled] = [it_.client(), it_.client(), it_.client()];
  const ids = [await signInOf(live), await signInOf(left), await signInOf(disabled), createId()];
  expect(await it_.identity.endedSignIns(ids)).toEqual([ids[3]]);
  await left.call("POST", "/auth/logout");
  const admin = await it_.database.openAdmin();
  await admin.query("update users set disabled_at = now() where id = (select user_id from sign_ins where id = $1)", [
    ids[2],
  ]);
  expect(await it_.identity.endedSignIns(ids)).toEqual(ids.slice(1));
});
