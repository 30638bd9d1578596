/** Which configuration Run takes when nobody has chosen one. Small and without parsers: the page loads it. */
import type { RunConfiguration } from "@atelier/contracts";

/** A configuration of the project, or the open file by itself. */
export type Choice = { readonly configuration: RunConfiguration } | { readonly file: string };

export type OpenFile = {
  readonly path: string;
  /** The language that runs it; undefined: none does. */
  readonly language: string | undefined;
};

const folderOf = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
const isBelow = (folder: string, path: string): boolean => folder === "" || path.startsWith(`${folder}/`);

const MANIFEST =
  /(?:\.(?:json|toml|mod|xml|gradle|kts|csproj|yml)|mix\.exs|[Mm]akefile|CMakeLists\.txt|requirements\.txt|Rakefile)$/u;

/** The folder whose sources the configuration's program is made of; undefined: only its entry point is known to be one. */
const scopeOf = ({ source, folder, command }: RunConfiguration): string | undefined => {
  if (MANIFEST.test(source)) return command === undefined ? folderOf(source) : (folder ?? "");
  if (source.endsWith("/__main__.py")) return folderOf(source);
  // A program of these has a folder for each package.
  return /\.(?:java|kt)$/u.test(source) ? "" : undefined;
};

/** Whether the file is a part of what the configuration starts: in its scope, and of one of its languages or of none. */
const covers = (configuration: RunConfiguration, { path, language }: OpenFile): boolean => {
  const { languages, entryPoint } = configuration;
  if (entryPoint === path) return true;
  const scope = scopeOf(configuration);
  return scope !== undefined && isBelow(scope, path) && (language === undefined || languages.includes(language));
};

/** Languages that belong together: a project of one has files of the other. */
const RELATED: readonly (readonly string[])[] = [
  ["c", "cpp"],
  ["javascript", "typescript"],
  ["java", "kotlin", "scala", "groovy"],
];
const withRelated = (configuration: RunConfiguration): RunConfiguration => ({
  ...configuration,
  languages: [
    ...configuration.languages,
    ...RELATED.flatMap((group) => (group.some((id) => configuration.languages.includes(id)) ? group : [])),
  ],
});

const depth = (configuration: RunConfiguration): number =>
  (scopeOf(configuration) ?? "").split("/").filter(Boolean).length;

/**
 * The project's own `atelier.json` first; then a configuration that the open file is a part of, of the nearest manifest; then the open file;
 * then whatever the project can run. A configuration that can't run is taken only where nothing else is there: it says what is missing.
 */
export const defaultChoice = (
  configurations: readonly RunConfiguration[],
  open: OpenFile | undefined,
): Choice | undefined => {
  const runs = configurations.filter(({ kind }) => kind === "run");
  const declared = runs.find(({ inferred }) => !inferred);
  if (declared !== undefined) return { configuration: declared };
  const able = runs.filter(({ unavailable }) => unavailable === undefined);
  if (open !== undefined) {
    const own = able.find(({ entryPoint, language }) => language !== undefined && entryPoint === open.path);
    if (own !== undefined) return { configuration: own };
    const [near] = able
      .filter((configuration) => covers(withRelated(configuration), open))
      .toSorted((a, b) => depth(b) - depth(a));
    if (near !== undefined) return { configuration: near };
    // What the file is a part of, and can't run: the file alone would fail without saying why.
    const missing = runs.find(
      (configuration) =>
        configuration.entryPoint === open.path ||
        (configuration.command !== undefined && covers(withRelated(configuration), open)),
    );
    if (missing !== undefined) return { configuration: missing };
    if (open.language !== undefined) return { file: open.path };
  }
  const first = able[0] ?? runs[0] ?? configurations.find(({ test }) => test);
  return first === undefined ? undefined : { configuration: first };
};
