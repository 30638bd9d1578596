/** The declaration of a module's settings: config.ts composes the slices, reads the environment once and prints all faults. */
import { z } from "zod";

export type Setting<T = unknown> = {
  /** Parses the text of the environment variable; undefined means that it is not set, so a default belongs here. */
  readonly schema: z.ZodType<T, string | undefined>;
  /** One sentence for docs/configuration.md, with the unit. */
  readonly description: string;
  /** The default in docs/configuration.md. */
  readonly defaultText: string;
  /** Secret settings may also come from a file (`NAME_FILE`) and are never printed. */
  readonly secret?: boolean;
};

/** Environment variable name -> setting. */
export type SettingSlice = Readonly<Record<string, Setting>>;

/** The parsed values of a slice. */
export type SettingValues<S extends SettingSlice> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** The schema of a whole number. @param range.min 1 by default */
export const wholeNumber = (range: {
  readonly min?: number;
  readonly max: number;
  readonly fallback: number;
}): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,10}$/u, "is a whole number")
    .optional()
    .transform((text) => (text === undefined ? range.fallback : Number(text)))
    .pipe(
      z
        .int()
        .min(range.min ?? 1)
        .max(range.max),
    );

/** The schema of a TCP port, where 0 stands for any free one. */
export const portNumber = (fallback: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,5}$/u, "a port number")
    .default(String(fallback))
    .transform(Number)
    .pipe(z.number().max(65_535));
