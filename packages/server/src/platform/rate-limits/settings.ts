/** The number of requests per minute of one user (or, without a sign-in, of one address). */
import type { Setting, SettingValues } from "#kernel/setting";
import type { RateClass } from "@atelier/contracts";
import { z } from "zod";

/** For servers that others can reach. */
const STANDARD: RateLimitPoints = { read: 3000, write: 1200, "sign-in": 300, execute: 120, export: 20, import: 20 };
/** For a server that only its own machine can reach: high enough for any tool, low enough to stop an endless loop. */
const GENEROUS: RateLimitPoints = {
  read: 600_000,
  write: 120_000,
  "sign-in": 30_000,
  execute: 30_000,
  export: 3000,
  import: 3000,
};

const perMinute = (rate: RateClass, what: string): Setting<number | undefined> => ({
  schema: z
    .string()
    .regex(/^\d{1,7}$/u, "a whole number")
    .transform(Number)
    .pipe(z.number().min(1, "at least 1"))
    .optional(),
  description: `${what} that one user, or one address without a sign-in, may make in a minute.`,
  defaultText: `${STANDARD[rate]}; ${GENEROUS[rate]} if only this machine can connect`,
});

export const rateLimitSettings = {
  RATE_LIMIT_READ: perMinute("read", "Requests that read, pages and new sockets"),
  RATE_LIMIT_WRITE: perMinute("write", "Requests that change data"),
  RATE_LIMIT_SIGN_IN: perMinute("sign-in", "Sign-ins, registrations and refreshes"),
  RATE_LIMIT_EXECUTE: perMinute("execute", "Runs"),
  RATE_LIMIT_EXPORT: perMinute("export", "Downloads of whole projects"),
  RATE_LIMIT_IMPORT: perMinute("import", "Imports of archives"),
} as const;

/** @param options.onlyLocal only this machine can reach the server, directly or by a proxy */
export const rateLimitPoints = (
  settings: SettingValues<typeof rateLimitSettings>,
  options: { readonly onlyLocal: boolean },
): RateLimitPoints => {
  const standard = options.onlyLocal ? GENEROUS : STANDARD;
  return {
    read: settings.RATE_LIMIT_READ ?? standard.read,
    write: settings.RATE_LIMIT_WRITE ?? standard.write,
    "sign-in": settings.RATE_LIMIT_SIGN_IN ?? standard["sign-in"],
    execute: settings.RATE_LIMIT_EXECUTE ?? standard.execute,
    export: settings.RATE_LIMIT_EXPORT ?? standard.export,
    import: settings.RATE_LIMIT_IMPORT ?? standard.import,
  };
};

/** Requests per minute for each class. */
export type RateLimitPoints = Readonly<Record<RateClass, number>>;
