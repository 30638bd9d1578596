/** The schema of `atelier.json`: what checks it, and the JSON Schema with which an editor checks and completes it. */
import { ConfigurationNameSchema, parsePath } from "@atelier/contracts";
import { z } from "zod";

const text = (most: number) =>
  z
    .string()
    .max(most)
    // oxlint-disable-next-line no-control-regex -- NUL is exactly what is refused
    .regex(/^[^\u0000\ud800-\udfff]*$/u, "No NUL character and no unpaired surrogate.");

const path = () =>
  z.string().superRefine((value, context) => {
    const parsed = parsePath(value);
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.detail });
  });

const described = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description });

const command = () =>
  z.union(
    [
      z.string().min(1).max(8192),
      z
        .array(text(8192))
        .min(1)
        .max(256)
        .refine((words) => words.join("").length <= 65_536, "The command is too long.")
        .refine(
          ([program = ""]) => program !== "" && !program.includes("="),
          "The first element is the program: not empty, and without =.",
        ),
    ],
    { error: "A command is a line for the shell, or a list of a program and its arguments." },
  );

export const AtelierConfigurationSchema = z
  .strictObject({
    name: described(ConfigurationNameSchema.optional(), "What the menu of Run shows."),
    command: described(
      command().optional(),
      "A line for bash, or a list of a program and its arguments. `args` are appended to it, unless the line uses $1 or $@ itself.",
    ),
    language: described(z.string().min(1).max(64).optional(), "A language of this server; with `entryPoint`."),
    entryPoint: described(path().optional(), "The file that starts the program, as Run starts an open file."),
    args: described(z.array(text(32_768)).max(256).optional(), "Arguments of the program."),
    env: described(
      z
        .record(
          z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/u, "A variable's name has letters, digits and _."),
          text(32_768),
        )
        .optional(),
      "Environment variables.",
    ),
    stdin: described(
      z
        .union([z.string().max(262_144), z.strictObject({ file: path() })], {
          error: 'The input is a text, or {"file": a path}.',
        })
        .optional(),
      "The program's whole input: a text, or a file of the project.",
    ),
    compile: described(
      command().optional(),
      "What has to succeed before `command` starts; it has limits of its own, and no input.",
    ),
    port: described(z.int().min(1).max(65_535).optional(), "The port on which the program answers HTTP requests."),
    folder: described(path().optional(), "The folder in which `command` and `compile` run."),
    languages: described(
      z.array(z.string().min(1).max(64)).max(8).optional(),
      "Languages whose tools the command needs; without it they are taken from the programs that it names.",
    ),
  })
  .superRefine((given, context) => {
    const issue = (message: string, at: string[] = []): void => context.addIssue({ code: "custom", message, path: at });
    const { command: line, language, entryPoint, compile, folder } = given;
    if (line !== undefined && (language !== undefined || entryPoint !== undefined)) {
      issue("Give either `command`, or `language` and `entryPoint`.");
    } else if (line === undefined && language === undefined)
      issue("`command`, or `language` and `entryPoint`, is missing.");
    else if (line === undefined && entryPoint === undefined) issue("`entryPoint` is missing.");
    if (line === undefined && compile !== undefined)
      issue("`compile` goes with `command`; a language compiles by itself.", ["compile"]);
    if (line === undefined && folder !== undefined) issue("`folder` goes with `command`.", ["folder"]);
  })
  .meta({ oneOf: [{ required: ["command"] }, { required: ["language", "entryPoint"] }] });
export type AtelierConfiguration = z.infer<typeof AtelierConfigurationSchema>;

/** Lists of one element may be written as the element. */
const oneOrMore = (description: string) =>
  z
    .union([AtelierConfigurationSchema, z.array(AtelierConfigurationSchema).max(50)])
    .optional()
    .meta({ description });

const AtelierFileSchema = z.strictObject({
  $schema: z.string().optional(),
  run: oneOrMore("What Run starts. The first one is the default."),
  test: oneOrMore('What "Run tests" starts.'),
  tasks: oneOrMore("Other things to do with the project: builds, checks."),
  infer: z.boolean().optional().meta({ description: "false: only what is written here is offered." }),
});

/** The address of the schema below `/api`. */
export const ATELIER_SCHEMA_PATH = "/schemas/atelier.json";

/** @param languages ids of the languages of this server, which are completed */
export const atelierJsonSchema = (languages: readonly string[] = []): Record<string, unknown> => {
  const schema = z.toJSONSchema(AtelierFileSchema, { io: "input" }) as Record<string, unknown>;
  const complete = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { properties } = value as { properties?: Record<string, Record<string, unknown>> };
    if (properties?.["entryPoint"] !== undefined && languages.length > 0) {
      properties["language"] = { ...properties["language"], examples: [...languages], enum: [...languages] };
    }
    for (const child of Object.values(value)) complete(child);
  };
  complete(schema);
  return { ...schema, title: "atelier.json", description: "What Run does in this project." };
};
