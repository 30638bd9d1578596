/** Access tokens: JWTs valid for 15 minutes, signed with one pinned algorithm and one key; a token's headers cannot choose either. */
import type { Clock } from "#kernel/clock";
import { isId } from "#kernel/ids";
import { createHash, createSecretKey } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { deriveKey } from "./derived-key.ts";
import { tokenInvalid } from "./errors.ts";

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const ALGORITHM = "HS256";
const TYPE = "at+jwt";
const ISSUER = "atelier";
const AUDIENCE = "atelier-api";
const CLOCK_TOLERANCE_SECONDS = 5;

export type AccessClaims = { readonly userId: string; readonly signInId: string };

export type AccessTokens = {
  issue(claims: AccessClaims): Promise<string>;
  /** @throws Problem identity/token-invalid unless the token is valid and from this server */
  verify(token: string): Promise<AccessClaims>;
};

/** The form in which this server issues a JWT: three base64url parts, each without padding and without stray bits. */
const isCanonical = (token: string): boolean => {
  const parts = token.split(".");
  return parts.length === 3 && parts.every((part) => Buffer.from(part, "base64url").toString("base64url") === part);
};

export const createAccessTokens = (secretKey: Uint8Array, clock: Clock): AccessTokens => {
  const bytes = deriveKey(secretKey, "access-token");
  const key = createSecretKey(bytes);
  // Distinguishes keys of other installations, and of an earlier SECRET_KEY; it reveals nothing about the key.
  const keyId = createHash("sha256").update("key id").update(bytes).digest("hex").slice(0, 16);
  return {
    issue({ userId, signInId }) {
      const nowSeconds = Math.floor(clock.now() / 1000);
      return new SignJWT({ sid: signInId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: keyId })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + ACCESS_TOKEN_SECONDS)
        .sign(key);
    },
    async verify(token) {
      // A lenient decoder accepts several texts as the same token, which would bypass a list of revoked tokens.
      if (!isCanonical(token)) throw tokenInvalid();
      try {
        const { payload, protectedHeader } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: ISSUER,
          audience: AUDIENCE,
          maxTokenAge: ACCESS_TOKEN_SECONDS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(clock.now()),
          requiredClaims: ["sub", "sid", "exp", "iat"],
        });
        const { sub, sid } = payload;
        if (protectedHeader.kid !== keyId || typeof sub !== "string" || typeof sid !== "string") throw tokenInvalid();
        if (!isId(sub) || !isId(sid)) throw tokenInvalid();
        return { userId: sub, signInId: sid };
      } catch (error) {
        if (error instanceof errors.JOSEError) throw tokenInvalid();
        throw error;
      }
    },
  };
};
