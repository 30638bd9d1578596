/** [15] [16] Who may create an account, and with which password; refusals are in the audit log [18]. */
import { ProblemSchema } from "@atelier/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { insertInvitation } from "./index.ts";
import { startTestIdentity, type TestIdentity } from "./test-identity.ts";

let fixture: TestIdentity;
afterEach(() => fixture[Symbol.asyncDispose]());

const DAY_MS = 24 * 3600 * 1000;
const PASSWORD = "nine purple lanterns";
let serial = 0;
const person = (password = PASSWORD) => ({ email: `new-${++serial}@example.org`, password, name: "Ada Lovelace" });
const codeOf = async (answer: Response): Promise<string> => ProblemSchema.parse(await answer.json()).code;
const invite = (lifeMs = DAY_MS): Promise<string> =>
  fixture.database.sql.transaction({ role: "identity" }, (transaction) =>
    insertInvitation(transaction, new Date(fixture.clock.now() + lifeMs)),
  );
const register = (body: object) => fixture.client().call("POST", "/auth/register", body);

describe("[15] REGISTRATION", () => {
  it("off: nobody can create an account, not even guests; existing accounts can sign in", async () => {
    fixture = await startTestIdentity({ registration: "off" });
    const refused = await register(person());
    expect([refused.status, await codeOf(refused)]).toEqual([403, "identity/registration-closed"]);
    const guest = fixture.client();
    await guest.signIn("/auth/guest");
    expect((await guest.call("POST", "/auth/register", person())).status).toBe(403);
    const token = await fixture.identity.createAdminLink();
    const admin = person();
    const made = await fixture.client().call("POST", "/auth/admin-link", { ...admin, token });
    expect(made.status).toBe(201);
    await fixture.client().signIn("/auth/login", { email: admin.email, password: admin.password });
  });

  it("invite: each invitation is for one account, of a new user or a guest, until it expires", async () => {
    fixture = await startTestIdentity({ registration: "invite" });
    for (const invitation of [undefined, "", "guessed", await invite(-1)]) {
      const refused = await register({ ...person(), ...(invitation === undefined ? {} : { invitation }) });
      expect([refused.status, await codeOf(refused)], invitation).toEqual([403, "identity/invitation-invalid"]);
    }
    const invitation = await invite();
    const answers = await Promise.all(Array.from({ length: 5 }, () => register({ ...person(), invitation })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403, 403, 403, 403]);
    const guest = fixture.client();
    const before = await guest.signIn("/auth/guest");
    const account = await guest.signIn("/auth/register", { ...person(), invitation: await invite() });
    expect(account.user.id).toBe(before.user.id);
  });

  it("invite: after a refused registration the invitation is still valid", async () => {
    fixture = await startTestIdentity({ registration: "invite" });
    const first = person();
    await fixture.client().signIn("/auth/register", { ...first, invitation: await invite() });
    const invitation = await invite();
    expect(await codeOf(await register({ ...first, invitation }))).toBe("identity/email-taken");
    expect(await codeOf(await register({ ...person("password1"), invitation }))).toBe("identity/weak-password");
    expect((await register({ ...person(), invitation })).status).toBe(201);
  });

  it("open: an invitation is not needed, and is not used up", async () => {
    fixture = await startTestIdentity();
    expect((await register({ ...person(), invitation: "anything" })).status).toBe(201);
    expect((await register(person())).status).toBe(201);
  });

  it("keeps invitations by hash only, and deletes expired ones", async () => {
    fixture = await startTestIdentity({ registration: "invite" });
    const token = await invite();
    const admin = await fixture.database.openAdmin();
    const { rows } = await admin.query<{ text: string }>("select i::text as text from invitations i");
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain(token);
    expect(rows[0]?.text).not.toContain(Buffer.from(token).toString("hex"));
  });
});

describe("[16] passwords", () => {
  it("refuses common ones, also with digits and punctuation added, and those that consist of the account's name or address", async () => {
    fixture = await startTestIdentity();
    const weak = [
      "password1",
      "Password123!",
      "12345678",
      "qwertyuiop",
      "iloveyou",
      "ILOVEYOU2",
      "aaaaaaaa",
      "abababab",
    ];
    for (const password of [...weak, "Lovelace1", "ada lovelace"]) {
      const answer = await register(person(password));
      expect(answer.status, password).toBe(400);
      const problem = ProblemSchema.parse(await answer.json());
      expect([problem.code, problem.faults?.[0]?.at], password).toEqual(["identity/weak-password", "body.password"]);
    }
    for (const password of [PASSWORD, "Tr0ub4dor&3-horse", "zwölf Boxkämpfer", "x7#Kq9!vLm2"])
      expect((await register(person(password))).status, password).toBe(201);
  });
});

describe("[18] the audit log", () => {
  const rows = () =>
    fixture.audited.map(({ action, target, userId, address }) => ({ action, target, userId, address }));

  it("has failed sign-ins, with the account that was tried, and refused registrations", async () => {
    fixture = await startTestIdentity();
    const someone = person();
    const { user } = await fixture.client().signIn("/auth/register", someone);
    await fixture.client().call("POST", "/auth/login", { email: someone.email, password: "wrong" });
    await fixture.client().call("POST", "/auth/login", { email: "nobody@example.org", password: "wrong" });
    await register(someone);
    expect(rows().slice(-3)).toEqual([
      {
        action: "identity.login-refused",
        target: "identity/wrong-credentials",
        userId: user.id,
        address: "127.0.0.1",
      },
      {
        action: "identity.login-refused",
        target: "identity/wrong-credentials",
        userId: undefined,
        address: "127.0.0.1",
      },
      { action: "identity.register-refused", target: "identity/email-taken", userId: undefined, address: "127.0.0.1" },
    ]);
    expect(JSON.stringify(fixture.audited)).not.toContain("nobody@example.org");
  });

  it("has refused refreshes, with the account whose old token was reused", async () => {
    fixture = await startTestIdentity();
    const client = fixture.client();
    const { user } = await client.signIn("/auth/guest");
    const stolen = client.cookie;
    await client.call("POST", "/auth/refresh");
    fixture.clock.advance(31_000);
    await client.call("POST", "/auth/refresh");
    const thief = fixture.client();
    thief.cookie = stolen;
    expect((await thief.call("POST", "/auth/refresh")).status).toBe(401);
    expect((await fixture.client().call("POST", "/auth/refresh")).status).toBe(401);
    expect(rows().filter(({ action }) => action === "identity.refresh-refused")).toEqual([
      expect.objectContaining({ target: "identity/refresh-invalid", userId: user.id }),
      expect.objectContaining({ target: "identity/refresh-invalid", userId: undefined }),
    ]);
  });
});
