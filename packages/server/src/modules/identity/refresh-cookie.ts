/** The cookie of the refresh token: invisible to scripts, and not sent with requests of other sites. */
import { SIGN_IN_LIFE_MS } from "./sign-ins.ts";

export type RefreshCookie = {
  readonly name: string;
  set(token: string): string;
  clear(): string;
};

/** @param https the `__Host-` prefix pins the cookie to this host, over TLS, at path `/` */
export const refreshCookieName = (https: boolean): string => (https ? "__Host-atelier-refresh" : "atelier-refresh");

/** @param https whether browsers connect over TLS */
export const createRefreshCookie = (https: boolean): RefreshCookie => {
  const name = refreshCookieName(https);
  const line = (value: string, maxAgeSeconds: number): string =>
    `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Strict${https ? "; Secure" : ""}`;
  return { name, set: (token) => line(token, SIGN_IN_LIFE_MS / 1000), clear: () => line("", 0) };
};
