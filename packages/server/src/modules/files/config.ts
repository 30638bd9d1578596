/** The settings of files: the sizes of projects and accounts. */
import type { Setting, SettingValues } from "#kernel/setting";
import { z } from "zod";

const whole = (most: number, fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,10}$/u, "is a whole number")
    .optional()
    .transform((text) => (text === undefined ? fallback : Number(text)))
    .pipe(z.int().min(1).max(most));

export const filesSettings = {
  PROJECT_MAX_MIB: {
    schema: whole(1_048_576, 500),
    description: "Maximum size of the newest versions of all files of a project, in MiB.",
    defaultText: "500",
  },
  PROJECT_MAX_FILES: {
    schema: whole(1_000_000, 50_000),
    description: "Maximum number of files and folders of a project.",
    defaultText: "50000",
  },
  ACCOUNT_MAX_MIB: {
    schema: whole(1_073_741_824, 10_240),
    description: "Maximum size of all projects of an account, with old versions and the bin, in MiB.",
    defaultText: "10240",
  },
} as const satisfies Readonly<Record<string, Setting<number>>>;

export type FilesSettings = SettingValues<typeof filesSettings>;
