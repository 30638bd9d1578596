/** The settings of projects: how many an account may have. */
import type { Setting, SettingValues } from "#kernel/setting";
import { z } from "zod";

const whole = (most: number, fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,10}$/u, "is a whole number")
    .optional()
    .transform((text) => (text === undefined ? fallback : Number(text)))
    .pipe(z.int().min(1).max(most));

export const projectsSettings = {
  ACCOUNT_MAX_PROJECTS: {
    schema: whole(1_000_000, 2_000),
    description: "Maximum number of projects of an account, including the bin.",
    defaultText: "2000",
  },
} as const satisfies Readonly<Record<string, Setting<number>>>;

export type ProjectsSettings = SettingValues<typeof projectsSettings>;
