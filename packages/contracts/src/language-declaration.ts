/**
 * `languages/<id>/language.json`: all that the server and the page know about a language. Loading and checking are the same for both: the
 * server reads the folders at its start, the page's build reads them to generate its tables.
 */
import { z } from "zod";

const CAPABILITIES = ["run", "stdin", "arguments", "terminal", "several-files", "compile"] as const;

/** The page's terminal colours that are legible as text on both themes. */
const HUES = ["red", "green", "yellow", "blue", "magenta", "cyan"] as const;

const MIB = 1_048_576;

/** Replaced where it is a whole element of argv: by one path, or by any number of elements. */
const WHOLE = /^\{(?:entryPoint|args|sources|color|mainClass)\}$/u;
/** Replaced anywhere in an element, by one text that cannot begin an option. */
const INSIDE = /\{(?:output|entryFolder|entryName)\}/gu;

/**
 * Elements: `{entryPoint}` the started file, `{args}` all arguments, `{sources}` all sources that are compiled together, `{color}` the
 * options of `color`, `{mainClass}` the class to start. Inside elements: `{output}` the folder for what compilers write, `{entryFolder}` the started file's folder (`.` or
 * `./…`), `{entryName}` its name without folder and extension.
 */
const ArgvTemplateSchema = z
  .array(z.string().min(1))
  .min(1)
  .refine((argv) => /^(?:\/|\{output\}\/)/u.test(argv[0] ?? ""), "The program is an absolute path, or in {output}.")
  .refine(
    (argv) => argv.every((part) => WHOLE.test(part) || !/[{}]/u.test(part.replaceAll(INSIDE, ""))),
    "Placeholders are {entryPoint}, {args}, {sources}, {color} and {mainClass} as whole elements, and {output}, {entryFolder} and {entryName} anywhere.",
  );

const compiles = (source: string): boolean => {
  try {
    return new RegExp(source, "u").source !== "";
  } catch {
    return false;
  }
};

/** The source of a regular expression with the flag `u`. */
const PatternSchema = z.string().min(1).max(500).refine(compiles, "This is not a regular expression.");

const PositionSchema = PatternSchema.refine(
  (source) => source.includes("(?<path>") && source.includes("(?<line>"),
  "A position has the groups (?<path>…) and (?<line>…), and may have (?<column>…).",
);

const GroupedSchema = PatternSchema.refine((source) => source.includes("(?<name>"), "It has the group (?<name>…).");

/** Which files are `{sources}`: those of the language that have no entry point of their own. */
const SourcesSchema = z.strictObject({
  /** `folder`: only those beside the started file. */
  within: z.enum(["project", "folder"]).default("project"),
  /** Matches paths that are no part of a program, such as tests. */
  except: PatternSchema.optional(),
  /**
   * For compilers that read a file after those it uses: how a file says what it defines and what it uses (flags `i`, `m`, `u`). Absent: the
   * started file is the first.
   */
  order: z.strictObject({ defines: GroupedSchema, uses: GroupedSchema }).optional(),
});

/** How the class that is started, `{mainClass}`, follows from the started file. Patterns have the flags `m` and `u`. */
const MainClassSchema = z.strictObject({
  /** Goes before the name, with a dot. */
  package: GroupedSchema.optional(),
  /** The first that matches gives the name; none: the file's name with a capital, and `fileSuffix`. */
  names: z.array(GroupedSchema).default([]),
  fileSuffix: z.string().regex(/^\w*$/u).default(""),
});

/** What `npm run test:languages` shows of each language. */
export const MATRIX_CELLS = ["hello", "stdin", "arguments", "two files", "exit code", "error line"] as const;
export type MatrixCell = (typeof MATRIX_CELLS)[number];

const ExtensionSchema = z.string().regex(/^\.[a-z0-9+]+$/u, "An extension is a dot and small letters or digits.");
const EditorIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/u);

const BadgeSchema = z.strictObject({ letters: z.string().regex(/^\S{1,2}$/u), hue: z.enum(HUES) });
/** Two letters in a colour, in front of a file's name. */
export type Badge = z.infer<typeof BadgeSchema>;

const CommentsSchema = z.strictObject({
  line: z.string().min(1).optional(),
  /** The opening and the closing mark. */
  block: z.tuple([z.string().min(1), z.string().min(1)]).optional(),
});
export type Comments = z.infer<typeof CommentsSchema>;

const EditorSchema = z.strictObject({
  /** Monaco's name of the syntax. */
  id: EditorIdSchema,
  /**
   * `monaco/<folder of its definitions>`, or `textmate/<grammar of Shiki>` where Monaco has none: TextMate grammars take 4 to 37 times as
   * long. Without one the text has one colour.
   */
  grammar: z
    .string()
    .regex(/^(?:monaco|textmate)\/[a-z0-9-]+$/u, "A grammar is monaco/<definition> or textmate/<grammar>.")
    .optional(),
  /** For a TextMate grammar; Monaco's definitions have their own. */
  comments: CommentsSchema.optional(),
  /** For a TextMate grammar: pairs besides `{}`, `[]` and `()`, such as `begin` and `end`. */
  brackets: z.array(z.tuple([z.string().min(1), z.string().min(1)])).default([]),
  /** For a TextMate grammar: marks that are closed as they are typed. */
  quotes: z.array(z.string().length(1)).default(['"']),
  badge: BadgeSchema.optional(),
  /** Extensions of files that have this syntax and that Run does not start. */
  moreExtensions: z.array(ExtensionSchema).default([]),
  /** Whole names, in small letters, of files that have this syntax. */
  fileNames: z.array(z.string().regex(/^[^/A-Z]+$/u)).default([]),
  /** Extensions that differ from the others. */
  except: z
    .record(ExtensionSchema, z.strictObject({ id: EditorIdSchema.optional(), badge: BadgeSchema.optional() }))
    .default({}),
});

/** How source positions are found in what a program prints, beside the general `path:line:column` and `path(line,column)`. */
const ErrorsSchema = z.strictObject({
  /** A line is searched only if it has a digit after `:`, `(`, `#` or `line `. A path may lack its extension. */
  positions: z.array(PositionSchema).default([]),
  /**
   * Searched for in the whole output of a run of this language (flags `m` and `u`), before everything else: messages of several lines, and
   * such without (?<path>…), which mean the started file.
   */
  messages: z
    .array(PatternSchema.refine((source) => source.includes("(?<line>"), "A message has the group (?<line>…)."))
    .default([]),
  /** Matches a line of a stack trace whose first line is the deepest. */
  deepestFirst: PatternSchema.optional(),
  /** Matches a compiler's message of any kind, and one that is an error: the first error counts. */
  diagnostics: z.strictObject({ any: PatternSchema, error: PatternSchema }).optional(),
});

const FloorsSchema = z.strictObject({
  /** With a lower memory limit no program of this language starts; a request for less is refused. */
  memoryMiB: z.int().min(16).max(2048),
  /** Processes and threads that a program of this language needs at least. */
  processes: z.int().min(1).max(1024),
});

export const DeclarationSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/u),
  name: z.string().min(1).max(40),
  /** Position among the languages, from 1. The first is the language of the first page. */
  order: z.int().min(1),
  /** Shown until the image says better. */
  version: z.string().regex(/^\d+(?:\.\d+)*$/u),
  /** The image's package whose version this is. */
  versionPackage: z.string().min(1),
  /** Of the files that Run starts. */
  extensions: z.array(ExtensionSchema).min(1),
  /** Other names by which it may be asked for. */
  aliases: z.array(z.string().regex(/^[a-z0-9+#.-]{1,32}$/u)),
  /** The recipe in languages/images/<image>.json. */
  image: z.string().regex(/^[a-z][a-z0-9-]*$/u),
  /** Commands that run one after the other, as one stage with one set of limits; the first that fails ends the run. */
  compile: z.array(ArgvTemplateSchema).min(1).max(8).optional(),
  run: ArgvTemplateSchema,
  /** Matches a source with an entry point of its own (flags `m` and `u`): `{sources}` leaves out such sources other than the started one. */
  ownEntryPoint: PatternSchema.optional(),
  sources: SourcesSchema.default({ within: "project" }),
  mainClass: MainClassSchema.optional(),
  /** Replaces `{color}` when the output is shown in a terminal. */
  color: z.array(z.string().min(1)).default([]),
  /** argv of the pre-started interpreter; `run` has the same program and options before its script. */
  warmUp: ArgvTemplateSchema.optional(),
  /** npm packages of the server that the warm-up loads; `{arch}` is the processor. A package that is not installed is skipped. */
  packages: z.array(z.string().regex(/^(?:@[a-z0-9-]+\/)?[a-z0-9.{}-]+$/u)).default([]),
  /** The interpreter reads a carriage return or a byte order mark as part of the program. */
  unixText: z.boolean().default(false),
  /** Programs beyond its usual ones that its image has on PATH: `cmake`, `npm`. Run configurations may need them. */
  tools: z.array(z.string().regex(/^[\w.+-]{1,64}$/u)).default([]),
  env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/u), z.string()).default({}),
  capabilities: z.array(z.enum(CAPABILITIES)).min(1),
  /** What a program of this language cannot do, and why: the cell of the table is empty then, and the reason is printed. */
  lacks: z.partialRecord(z.enum(MATRIX_CELLS), z.string().min(10).max(200)).default({}),
  floors: FloorsSchema,
  /** The compile stage's floors, where they are others. */
  compileFloors: FloorsSchema.optional(),
  /** Globs of files that its tools write for themselves: a run started in the page does not bring them into the project. */
  byproducts: z.array(z.string().min(1).max(255)).default([]),
  editor: EditorSchema,
  errors: ErrorsSchema.default({ positions: [], messages: [] }),
  /** The hello program's file in the same folder, which is also its path in a new project. */
  sample: z.string().regex(/^[A-Za-z0-9._-]+$/u),
});

export type Declaration = z.infer<typeof DeclarationSchema>;
export type LanguageFloors = Declaration["floors"];

/** A floor as a memory limit in bytes. */
export const floorBytes = ({ memoryMiB }: Pick<LanguageFloors, "memoryMiB">): number => memoryMiB * MIB;

/** A folder below `languages`, as it was read. */
export type LanguageFolder = {
  readonly name: string;
  /** The text of its language.json, or why there is none. */
  readonly declaration: string | { readonly unreadable: string };
  /** The names of its files. */
  readonly files: readonly string[];
};

export type LanguageFolders = {
  readonly languages: readonly LanguageFolder[];
  /** The names of the recipes in `languages/images`, without `.json`. */
  readonly images: readonly string[];
};

type Checked = { readonly declaration?: Declaration; readonly faults: readonly string[] };

/** What is wrong in a declaration beyond its shape; empty: nothing. */
const faultsOf = (declaration: Declaration, { name, files }: LanguageFolder, images: readonly string[]): string[] => {
  const { id, sample, extensions, compile, run, warmUp, capabilities, image, editor } = declaration;
  const isKnown = (extension: string): boolean => [...extensions, ...editor.moreExtensions].includes(extension);
  const faults: [isFault: boolean, text: string][] = [
    [id !== name, `id is "${id}", the folder is "${name}"`],
    [
      !extensions.some((extension) => sample.toLowerCase().endsWith(extension)),
      `sample "${sample}" has none of the extensions`,
    ],
    [!files.includes(sample), `there is no sample file "${sample}"`],
    [!images.includes(image), `there is no recipe images/${image}.json`],
    [
      (compile !== undefined) !== capabilities.includes("compile"),
      'the capability "compile" and a compile command come together',
    ],
    [warmUp !== undefined && warmUp[0] !== run[0], "warmUp starts another program than run"],
    ...Object.keys(editor.except).map((extension): [boolean, string] => [
      !isKnown(extension),
      `editor.except: ${extension} is in neither extensions nor editor.moreExtensions`,
    ]),
  ];
  return faults.flatMap(([isFault, text]) => (isFault ? [text] : []));
};

const checkOne = (folder: LanguageFolder, images: readonly string[]): Checked => {
  if (typeof folder.declaration !== "string") return { faults: [folder.declaration.unreadable] };
  let given: unknown;
  try {
    given = JSON.parse(folder.declaration);
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
  const parsed = DeclarationSchema.safeParse(given);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(": ")) };
  }
  return { declaration: parsed.data, faults: faultsOf(parsed.data, folder, images) };
};

/** Ids and aliases, and what an extension or file name is shown as, belong to one language each. */
const takenTwice = (declarations: readonly Declaration[]): string[] => {
  const owners = new Map<string, string>();
  const faults: string[] = [];
  const take = (owner: string, key: string, what: string): void => {
    const other = owners.get(key);
    if (other === undefined) owners.set(key, owner);
    else faults.push(`${owner}/language.json: the ${what} is ${other}'s already`);
  };
  for (const { id, aliases, extensions, editor } of declarations) {
    for (const name of new Set([id, ...aliases])) take(id, `name ${name}`, `name "${name}"`);
    for (const extension of new Set([...extensions, ...editor.moreExtensions])) {
      take(id, `extension ${extension}`, `extension "${extension}"`);
    }
    for (const name of editor.fileNames) take(id, `file ${name}`, `file name "${name}"`);
  }
  return faults;
};

/** The valid declarations in their order, and every fault of every folder; with a fault nothing may start. */
export const checkLanguages = ({
  languages,
  images,
}: LanguageFolders): { readonly declarations: readonly Declaration[]; readonly faults: readonly string[] } => {
  const checked = languages.map((folder) => {
    const { declaration, faults } = checkOne(folder, images);
    return { declaration, faults: faults.map((fault) => `${folder.name}/language.json: ${fault}`) };
  });
  const declarations = checked.flatMap(({ declaration }) => (declaration === undefined ? [] : [declaration]));
  return {
    declarations: declarations.toSorted((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1)),
    faults: [...checked.flatMap(({ faults }) => faults), ...takenTwice(declarations)],
  };
};
