/** The settings of projects: how many an account may have. */
import { type Setting, wholeNumber } from "#kernel/setting";

export const projectsSettings = {
  ACCOUNT_MAX_PROJECTS: {
    schema: wholeNumber({ max: 1_000_000, fallback: 2_000 }),
    description: "Maximum number of projects of an account, including the bin.",
    defaultText: "2000",
  },
} as const satisfies Readonly<Record<string, Setting<number>>>;
