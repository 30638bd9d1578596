/** The checks of a request before its body is read: same site, a signed-in user if the route needs one, the rate limit. */
import type { Actor } from "#kernel/actor";
import { Problem } from "#kernel/problem";
import type { RateDecision, RateLimits } from "#platform/rate-limits";
import type { RateClass, Route } from "@atelier/contracts";
import { addressKey } from "./client-address.ts";
import { type OriginRules, refuseCrossSite } from "./own-origin.ts";
import type { Authenticator, RequestFacts } from "./ports.ts";

const BEARER = /^Bearer +([\w.~+/=-]{1,4096})$/iu;

/** The token of an Authorization header; undefined when there is no such header. @throws Problem for another scheme. */
export const bearerToken = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw new Problem("identity/token-invalid");
  return token;
};

/** The key of a request in rate limits: the signed-in user, else the address. */
export const rateKey = (actor: Actor | undefined, address: string): string =>
  actor === undefined ? `address ${addressKey(address)}` : `user ${actor.userId}`;

const rateHeaders = (decision: RateDecision): Record<string, string> => ({
  "ratelimit-limit": String(decision.limit),
  "ratelimit-remaining": String(decision.remaining),
  "ratelimit-reset": String(decision.resetSeconds),
});

export type RequestChecks = {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly origin: OriginRules;
};

const take = async (checks: RequestChecks, rate: RateClass, key: string, tell: TellHeaders): Promise<void> => {
  const decision = await checks.rateLimits.take(rate, key);
  tell(rateHeaders(decision));
  if (!decision.allowed) {
    throw new Problem("request/rate-limited", `At most ${decision.limit} such requests in a minute.`, {
      retryAfterSeconds: decision.resetSeconds,
    });
  }
};

type TellHeaders = (headers: Record<string, string>) => void;

/**
 * Checks a request. @throws Problem that refuses it
 * @param request.tell gets the RateLimit headers, which refusals have too
 */
export const checkRequest = async (
  checks: RequestChecks,
  route: Route,
  request: { readonly method: string; readonly facts: RequestFacts; readonly tell: TellHeaders },
): Promise<Actor | undefined> => {
  const { facts } = request;
  refuseCrossSite(request.method, facts.headers, checks.origin);
  let actor: Actor | undefined;
  if (route.access !== "anyone") {
    try {
      const token = bearerToken(facts.headers["authorization"]);
      if (token !== undefined) actor = await checks.authenticator.authenticateToken(token);
      else if (route.access === "user") throw new Problem("identity/sign-in-required");
    } catch (error) {
      // Refused credentials count against the address, so that guessing them is limited too.
      await take(checks, "read", rateKey(undefined, facts.address), request.tell);
      throw error;
    }
  }
  await take(checks, route.rate, rateKey(actor, facts.address), request.tell);
  return actor;
};

/** Counts one more operation of a request whose own was counted. @throws Problem request/rate-limited */
export const checkRate = (
  checks: RequestChecks,
  rate: RateClass,
  { actor, facts }: { readonly actor: Actor | undefined; readonly facts: RequestFacts },
): Promise<void> => take(checks, rate, rateKey(actor, facts.address), () => undefined);

/** Checks a request for a page: without authentication, so it counts for its address. */
export const checkAddress = (
  checks: RequestChecks,
  { facts, tell }: { readonly facts: RequestFacts; readonly tell: TellHeaders },
): Promise<void> => take(checks, "read", rateKey(undefined, facts.address), tell);
