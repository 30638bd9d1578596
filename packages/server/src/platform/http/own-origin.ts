/**
 * Distinguishes the server's own pages from other sites by the Origin header (scheme, host and port) and, for requests that change data, by
 * Sec-Fetch-Site.
 */
import { Problem } from "#kernel/problem";

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0];

export type OriginRules = {
  /** PUBLIC_URL; absent: the server's host is the Host header's. */
  readonly publicUrl?: string;
  /** True when a trusted proxy sets X-Forwarded-Host and X-Forwarded-Proto. */
  readonly proxied: boolean;
  /** True when browsers reach this server over https, by its own certificate or according to PUBLIC_URL. */
  readonly https: boolean;
};

const originOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).origin : undefined);

/** The first value of a header; each proxy appends to it. */
const forwarded = (headers: Headers, name: string): string | undefined => {
  const value = first(headers[name])?.split(",")[0]?.trim();
  return value === "" ? undefined : value;
};

/**
 * True when the value of an Origin header names this server: the same scheme, host and port. False for `null` and values that can't be
 * parsed. If the scheme were not compared, a page that an attacker on the network serves over http would count as the https site.
 */
export const isOwnOrigin = (origin: string, headers: Headers, rules: OriginRules): boolean => {
  const given = originOf(origin);
  // URLs of schemes without a host have the origin "null".
  if (given === undefined || given === "null") return false;
  if (rules.publicUrl !== undefined && originOf(rules.publicUrl) === given) return true;
  const host = (rules.proxied ? forwarded(headers, "x-forwarded-host") : undefined) ?? first(headers["host"]);
  const scheme =
    (rules.proxied ? forwarded(headers, "x-forwarded-proto") : undefined) ?? (rules.https ? "https" : "http");
  // The port of a scheme's default is absent from both sides after parsing.
  return host !== undefined && originOf(`${scheme.toLowerCase()}://${host}`) === given;
};

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** @throws Problem request/cross-site when a page of another site sends a request that changes data */
export const refuseCrossSite = (method: string, headers: Headers, rules: OriginRules): void => {
  if (SAFE_METHODS.has(method)) return;
  const origin = first(headers["origin"]);
  const foreign = origin !== undefined && !isOwnOrigin(origin, headers, rules);
  if (foreign || first(headers["sec-fetch-site"]) === "cross-site") throw new Problem("request/cross-site");
};
