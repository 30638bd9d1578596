/** Tells our own pages from other sites: by the Origin header, and for requests that change something by Sec-Fetch-Site. */
import { Problem } from "#kernel/problem";

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0];

export type OriginRules = {
  /** PUBLIC_URL; absent: the Host header says who we are. */
  readonly publicUrl?: string;
  /** True when a trusted proxy sets X-Forwarded-Host. */
  readonly proxied: boolean;
};

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

/** True when an Origin header's value names this server; `null` and anything unparsable do not. */
export const isOwnOrigin = (origin: string, headers: Headers, rules: OriginRules): boolean => {
  const host = hostOf(origin);
  if (host === undefined || host === "") return false;
  if (rules.publicUrl !== undefined && new URL(rules.publicUrl).origin === new URL(origin).origin) return true;
  const forwarded = rules.proxied ? first(headers["x-forwarded-host"])?.split(",")[0]?.trim() : undefined;
  const own = forwarded ?? first(headers["host"]);
  // The port of a scheme's default is absent from both sides after parsing.
  return own !== undefined && hostOf(`${new URL(origin).protocol}//${own}`) === host;
};

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** @throws Problem request/cross-site when another site's page tries to change something. */
export const refuseCrossSite = (method: string, headers: Headers, rules: OriginRules): void => {
  if (SAFE_METHODS.has(method)) return;
  const origin = first(headers["origin"]);
  const foreign = origin !== undefined && !isOwnOrigin(origin, headers, rules);
  if (foreign || first(headers["sec-fetch-site"]) === "cross-site") throw new Problem("request/cross-site");
};
