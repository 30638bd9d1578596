/** How many requests one user (or, signed out, one address) may make in a minute. */
import type { Setting, SettingValues } from "#kernel/setting";
import type { RateClass } from "@atelier/contracts";
import { z } from "zod";

const perMinute = (standard: number, what: string): Setting<number> => ({
  schema: z
    .string()
    .regex(/^\d{1,7}$/u, "a whole number")
    .optional()
    .transform((text) => (text === undefined ? standard : Number(text)))
    .pipe(z.number().min(1, "at least 1")),
  description: `${what} that one user, or one address without a sign-in, may make in a minute.`,
  defaultText: String(standard),
});

export const rateLimitSettings = {
  RATE_LIMIT_READ: perMinute(3000, "Reading requests and new sockets"),
  RATE_LIMIT_WRITE: perMinute(1200, "Changing requests"),
  RATE_LIMIT_SIGN_IN: perMinute(300, "Sign-ins, registrations and refreshes"),
  RATE_LIMIT_EXECUTE: perMinute(120, "Runs"),
} as const;

/** Requests per minute for each class. */
export type RateLimitPoints = Readonly<Record<RateClass, number>>;

export const rateLimitPoints = (settings: SettingValues<typeof rateLimitSettings>): RateLimitPoints => ({
  read: settings.RATE_LIMIT_READ,
  write: settings.RATE_LIMIT_WRITE,
  "sign-in": settings.RATE_LIMIT_SIGN_IN,
  execute: settings.RATE_LIMIT_EXECUTE,
});
