/** A language as its folder declares it: data, checked in one place. */
import { z } from "zod";

const CAPABILITIES = ["run", "stdin", "arguments", "terminal", "several-files", "compile"] as const;

/**
 * `{color}` is replaced by the options of `color`. The elements `{entryPoint}`, `{args}` and `{sources}` are replaced by one path, all
 * arguments, and all sources that are linked together.
 */
const ArgvTemplateSchema = z
  .array(z.string().min(1))
  .min(1)
  .refine((argv) => argv[0]?.startsWith("/") === true, "The program is an absolute path inside the image.")
  .refine(
    (argv) => argv.every((part) => !/[{}]/u.test(part) || /^\{(?:entryPoint|args|sources|color)\}$/u.test(part)),
    "A placeholder is a whole element: {entryPoint}, {args}, {sources} or {color}.",
  );

export const DeclarationSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/u),
  name: z.string().min(1).max(40),
  /** Place among the languages, from 1. */
  order: z.int().min(1),
  /** Shown until the image says better. */
  version: z.string().regex(/^\d+(?:\.\d+)*$/u),
  /** The image's package whose version this is. */
  versionPackage: z.string().min(1),
  extensions: z.array(z.string().regex(/^\.[a-z0-9+]+$/u)).min(1),
  /** Other names by which it may be asked for. */
  aliases: z.array(z.string().regex(/^[a-z0-9+#.-]{1,32}$/u)),
  /** The recipe in languages/images/<image>.json. */
  image: z.string().regex(/^[a-z][a-z0-9-]*$/u),
  compile: ArgvTemplateSchema.optional(),
  run: ArgvTemplateSchema,
  /** Replaces `{color}` when the output is shown in a terminal. */
  color: z.array(z.string().min(1)).default([]),
  /** argv of the pre-started interpreter; `run` has the same program and options before its script. */
  warmUp: ArgvTemplateSchema.optional(),
  /** npm packages of the server that the warm-up loads; `{arch}` is the processor. A package that is not installed is skipped. */
  packages: z.array(z.string().regex(/^(?:@[a-z0-9-]+\/)?[a-z0-9.{}-]+$/u)).default([]),
  /** The interpreter reads a carriage return or a byte order mark as part of the program. */
  unixText: z.boolean().default(false),
  env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/u), z.string()).default({}),
  capabilities: z.array(z.enum(CAPABILITIES)).min(1),
  /** The hello program's file in the same folder, which is also its path in a new project. */
  sample: z.string().regex(/^[A-Za-z0-9._-]+$/u),
});

export type Declaration = z.infer<typeof DeclarationSchema>;

/** A declaration with its hello program. */
export type LanguageDeclaration = Declaration & { readonly sampleContent: string };

/** What is wrong in a declaration beyond its shape; empty: nothing. */
export const faultsOf = (declaration: Declaration, folder: string): string[] => {
  const faults: string[] = [];
  if (declaration.id !== folder) faults.push(`id is "${declaration.id}", the folder is "${folder}"`);
  if (!declaration.extensions.some((extension) => declaration.sample.endsWith(extension))) {
    faults.push(`sample "${declaration.sample}" has none of the extensions`);
  }
  if ((declaration.compile !== undefined) !== declaration.capabilities.includes("compile")) {
    faults.push('the capability "compile" and a compile command come together');
  }
  const { warmUp, run } = declaration;
  if (warmUp !== undefined && warmUp[0] !== run[0]) faults.push("warmUp starts another program than run");
  return faults;
};
