/** Forged, foreign and stale access tokens; numbers are SPEC.md's. */
import { createManualClock } from "#kernel/clock";
import { createHmac, generateKeyPairSync, hkdfSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeProtectedHeader, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAccessTokens } from "./access-tokens.ts";
import { SECRET_KEY, startTestIdentity, type TestIdentity } from "./test-identity.ts";

let fixture: TestIdentity;
let good = "";
let refreshToken = "";
/** A server to which a token's jku could point; it must never get a request. */
let asked = 0;
const bait = createServer((_request, response) => {
  asked += 1;
  response.end("{}");
});
let baitUrl = "";

beforeAll(async () => {
  fixture = await startTestIdentity();
  const client = fixture.client();
  good = (await client.signIn("/auth/guest")).accessToken;
  refreshToken = client.cookie?.split("=")[1] ?? "";
  await new Promise<void>((resolve) => bait.listen(0, "127.0.0.1", resolve));
  baitUrl = `http://127.0.0.1:${(bait.address() as AddressInfo).port}/keys.json`;
});
afterAll(async () => {
  bait.close();
  await fixture[Symbol.asyncDispose]();
});

/** The real key, so that each forged token below is wrong in only one respect. */
const key = (purpose = "access-token") =>
  new Uint8Array(hkdfSync("sha256", SECRET_KEY, "", `atelier/identity/${purpose}`, 32));
const statusOf = async (token: string): Promise<number> =>
  (await fetch(`${fixture.origin}/api/me`, { headers: { authorization: `Bearer ${token}` } })).status;
const parts = () => {
  const [header = "", payload = "", signature = ""] = good.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  return { header, payload, signature, claims };
};
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const sign = (header: object, claims: object, secret: Uint8Array | string = key()): string => {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
};

describe("[5] access tokens", () => {
  it("accepts its own token, and one that the test's forging code makes without a fault", async () => {
    const header = decodeProtectedHeader(good);
    expect(header).toMatchObject({ alg: "HS256", typ: "at+jwt" });
    expect(await statusOf(good)).toBe(200);
    expect(await statusOf(sign(header, parts().claims))).toBe(200);
  });

  const nowSeconds = () => Math.floor(fixture.clock.now() / 1000);
  const forgeries: Record<string, () => string | Promise<string>> = {
    "alg none": () => `${encode({ alg: "none", typ: "at+jwt" })}.${parts().payload}.`,
    "alg None with a valid signature": () =>
      `${encode({ ...decodeProtectedHeader(good), alg: "None" })}.${parts().payload}.${parts().signature}`,
    "no signature": () => `${parts().header}.${parts().payload}.`,
    "HS256 signed with a public key": () => {
      const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      return sign(decodeProtectedHeader(good), parts().claims, publicKey.export({ type: "spki", format: "pem" }));
    },
    "RS256 by a key of the forger": async () => {
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      return new SignJWT(parts().claims)
        .setProtectedHeader({ ...decodeProtectedHeader(good), alg: "RS256" })
        .sign(privateKey);
    },
    "HS512 with the server's key": () =>
      new SignJWT(parts().claims)
        .setProtectedHeader({ ...decodeProtectedHeader(good), alg: "HS512" })
        .sign(Buffer.concat([key(), key()])),
    "a foreign kid": () => sign({ ...decodeProtectedHeader(good), kid: "another" }, parts().claims),
    "a kid that is a path": () => sign({ alg: "HS256", typ: "at+jwt", kid: "../../../dev/null" }, parts().claims, ""),
    "jku, jwk and x5u": () => {
      const header = { ...decodeProtectedHeader(good), jku: baitUrl, x5u: baitUrl, jwk: { kty: "oct", k: encode({}) } };
      return sign(header, parts().claims, "theirs");
    },
    "an unknown critical header": () =>
      sign({ ...decodeProtectedHeader(good), crit: ["x-new"], "x-new": true }, parts().claims),
    "another type": () => sign({ ...decodeProtectedHeader(good), typ: "JWT" }, parts().claims),
    "another audience": () => sign(decodeProtectedHeader(good), { ...parts().claims, aud: "somebody-else" }),
    "another issuer": () => sign(decodeProtectedHeader(good), { ...parts().claims, iss: "somebody-else" }),
    expired: () => sign(decodeProtectedHeader(good), { ...parts().claims, exp: nowSeconds() - 60 }),
    "from the future": () =>
      sign(decodeProtectedHeader(good), { ...parts().claims, iat: nowSeconds() + 3600, exp: nowSeconds() + 7200 }),
    "not before later": () => sign(decodeProtectedHeader(good), { ...parts().claims, nbf: nowSeconds() + 3600 }),
    "valid for a year": () =>
      sign(decodeProtectedHeader(good), {
        ...parts().claims,
        iat: nowSeconds() - 3600,
        exp: nowSeconds() + 31_536_000,
      }),
    "without an end": () => sign(decodeProtectedHeader(good), { ...parts().claims, exp: undefined }),
    "another user's id": () =>
      sign(decodeProtectedHeader(good), { ...parts().claims, sub: "01900000-0000-7000-8000-000000000001" }),
    "a malformed sign-in id": () =>
      sign(decodeProtectedHeader(good), { ...parts().claims, sid: "x'; drop table users" }),
    "signed with the key of refresh tokens": () =>
      sign(decodeProtectedHeader(good), parts().claims, key("refresh-token")),
    "the refresh token": () => refreshToken,
    // The last character of a signature of 32 bytes carries two bits that a lenient decoder ignores.
    "a valid token with stray bits in its signature": () => {
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const last = alphabet.indexOf(good.at(-1) ?? "");
      return good.slice(0, -1) + (alphabet[last ^ 1] ?? "");
    },
    "a valid token with padding": () => `${good}=`,
    "a valid token with the other base64 alphabet": () => {
      const { header, payload, signature } = parts();
      const other = signature.replaceAll("-", "+").replaceAll("_", "/");
      return other === signature ? `${good}=` : `${header}.${payload}.${other}`;
    },
  };
  it.each(Object.keys(forgeries))("refuses %s", async (name) => {
    expect(await statusOf((await forgeries[name]?.()) ?? "")).toBe(401);
    expect(asked).toBe(0);
  });

  it("refuses after 15 minutes, and a token of another installation", async () => {
    const clock = createManualClock();
    const ours = createAccessTokens(SECRET_KEY, clock);
    const claims = { userId: "01900000-0000-7000-8000-000000000001", signInId: "01900000-0000-7000-8000-000000000002" };
    const token = await ours.issue(claims);
    expect(await ours.verify(token)).toEqual(claims);
    clock.advance(15 * 60_000 + 6000);
    await expect(ours.verify(token)).rejects.toMatchObject({ code: "identity/token-invalid" });
    const others = createAccessTokens(new Uint8Array(32).fill(8), clock);
    await expect(ours.verify(await others.issue(claims))).rejects.toMatchObject({ code: "identity/token-invalid" });
  });

  const disable = (userId: string) =>
    fixture.database.sql.transaction({ role: "identity" }, (transaction) =>
      transaction.query("update users set disabled_at = clock_timestamp() where id = $1", [userId]),
    );

  it("[6] access tokens, tickets and sign-ins of a disabled account become invalid within a second", async () => {
    const client = fixture.client();
    const { user } = await client.signIn("/auth/guest");
    const other = fixture.client();
    await other.signIn("/auth/guest");
    const { ticket } = (await (await client.call("POST", "/tickets")).json()) as { ticket: string };
    expect((await client.call("GET", "/me")).status).toBe(200);
    await disable(user.id);
    // Half of the allowed second: the next poll is due within it.
    fixture.clock.advance(500);
    await fixture.identity.lookForDisabled();
    expect((await client.call("GET", "/me")).status).toBe(401);
    expect((await client.call("POST", "/tickets")).status).toBe(401);
    expect((await client.call("POST", "/auth/refresh")).status).toBe(401);
    await expect(fixture.identity.redeemTicket(ticket)).rejects.toMatchObject({ code: "identity/ticket-invalid" });
    expect((await other.call("GET", "/me")).status).toBe(200);
  });

  it("[6] announces the end of a disabled account's sign-ins once, and again after it was enabled and disabled", async () => {
    const client = fixture.client();
    const { user } = await client.signIn("/auth/guest");
    const endsOf = async (): Promise<number> => {
      const before = fixture.ended.length;
      await fixture.identity.lookForDisabled();
      return fixture.ended.length - before;
    };
    await fixture.identity.lookForDisabled();
    await disable(user.id);
    expect([await endsOf(), await endsOf()]).toEqual([1, 0]);
    await fixture.database.sql.transaction({ role: "identity" }, async (transaction) => {
      await transaction.query("update users set disabled_at = null where id = $1", [user.id]);
      await transaction.query("update sign_ins set ended_at = null where user_id = $1", [user.id]);
    });
    expect(await endsOf()).toBe(0);
    await disable(user.id);
    expect([await endsOf(), await endsOf()]).toEqual([1, 0]);
  });
});
