/** What this server can run: which languages it knows, which programs their images have, and the line that says what is missing. */

export type KnownLanguage = {
  readonly id: string;
  readonly name: string;
  /** Of the files that Run starts, with the dot. */
  readonly extensions: readonly string[];
  /** Programs that its image has, by the names under which they are found on PATH. */
  readonly tools: readonly string[];
};

/** Programs that an image of the language has in any case. */
export const STANDARD_TOOLS: Readonly<Record<string, readonly string[]>> = {
  bash: ["bash", "awk", "sed", "grep"],
  c: ["gcc", "cc", "make"],
  cpp: ["g++", "c++"],
  crystal: ["crystal"],
  csharp: ["mcs", "mono"],
  d: ["ldc2"],
  elixir: ["elixir", "mix"],
  go: ["go"],
  java: ["java", "javac", "jar"],
  javascript: ["node"],
  python: ["python3"],
  ruby: ["ruby", "rake"],
  rust: ["rustc", "cargo"],
};

export type Environment = { readonly languages: readonly KnownLanguage[] };

/** What a configuration cannot do without. */
export type Needs = {
  readonly languages?: readonly string[];
  readonly tools?: readonly string[];
  /** Names of packages from a registry. */
  readonly packages?: readonly string[];
};

/** Names of tools and languages as people write them; a name that is not here is shown as it is. */
const NAMES: Readonly<Record<string, string>> = {
  cargo: "Cargo",
  cmake: "CMake",
  csharp: "C#",
  cpp: "C++",
  c: "C",
  crystal: "Crystal",
  d: "D",
  dotnet: ".NET",
  elixir: "Elixir",
  go: "Go",
  gradle: "Gradle",
  java: "Java",
  javac: "the JDK",
  javascript: "JavaScript",
  kotlin: "Kotlin",
  make: "Make",
  mix: "Mix",
  mvn: "Maven",
  python: "Python",
  python3: "Python",
  rake: "Rake",
  ruby: "Ruby",
  rust: "Rust",
  typescript: "TypeScript",
};
const nameOf = (id: string): string => (Object.hasOwn(NAMES, id) ? NAMES[id] : undefined) ?? id;

const SHOWN = 4;
const list = (names: readonly string[]): string => {
  const shown = names.slice(0, SHOWN).join(", ");
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
};

/** Where a tool is found: the id of a language whose image has it. */
export const languageWith = ({ languages }: Environment, tool: string): string | undefined =>
  languages.find(({ tools }) => tools.includes(tool))?.id;

/** The languages whose images the needs are in, and one line on what is missing. */
export const resolveNeeds = (
  environment: Environment,
  { languages = [], tools = [], packages = [] }: Needs,
): { readonly languages: string[]; readonly unavailable?: string } => {
  const isKnown = (id: string): boolean => environment.languages.some((language) => language.id === id);
  const found = tools.map((tool) => languageWith(environment, tool));
  const missing = [
    ...languages.filter((id) => !isKnown(id)).map(nameOf),
    ...tools.filter((_, at) => found[at] === undefined).map(nameOf),
  ];
  const needed = new Set([...languages.filter(isKnown), ...found.flatMap((id) => id ?? [])]);
  const lines = [
    ...(missing.length === 0 ? [] : [`needs ${list([...new Set(missing)])}: not installed on this server`]),
    ...(packages.length === 0 ? [] : [`needs packages ${list(packages)}; packages are not installed yet`]),
  ];
  return { languages: [...needed], ...(lines.length === 0 ? {} : { unavailable: lines.join("; ") }) };
};
