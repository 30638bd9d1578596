/** From a request and its files to what a sandbox is told: a file of a language, or a configuration of the project. */
import { MAX_STDIN_BYTES, type RunConfiguration, type StartExecution } from "@atelier/contracts";
import type { Declaration, LanguageFloors } from "@atelier/contracts/language-declaration";
import { commandLineOf } from "@atelier/run-configurations";
import * as errors from "./errors.ts";
import type { KnownLanguage, LanguageCatalog, SandboxPlan } from "./language-catalog.ts";
import { commandLinesOf } from "./languages/command-line.ts";
import { configurationsOfFiles } from "./project-configurations.ts";
import type { SandboxBuild } from "./run/ports.ts";
import type { SourceFile } from "./source-files.ts";

/** The least that each stage needs. */
export type StageFloors = { readonly compile: LanguageFloors; readonly run: LanguageFloors };

export const floorsOf = ({
  floors,
  compileFloors = floors,
}: Pick<Declaration, "floors" | "compileFloors">): StageFloors => ({
  compile: compileFloors,
  run: floors,
});

/** What a run is, before limits. */
export type RunPlan = {
  /** The language that counts as the run's. */
  readonly language: KnownLanguage;
  readonly sandbox: SandboxPlan;
  readonly floors: StageFloors;
  readonly compile?: SandboxBuild["steps"];
  readonly run: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly entryPoint: string;
  /** The whole input; undefined: none is given. */
  readonly stdin: Uint8Array | undefined;
  /** The name of the configuration. */
  readonly configuration?: string;
};

export type PlanNeeds = {
  readonly languages: Pick<LanguageCatalog, "find" | "sandboxOf" | "compose" | "environment">;
  readonly files: readonly SourceFile[];
};

/** @throws Problem execution/no-such-language */
export const requireLanguage = (languages: Pick<LanguageCatalog, "find">, name: string): KnownLanguage => {
  const found = languages.find(name);
  if (found === undefined) throw errors.noSuchLanguage(name);
  return found;
};

const contentOf = ({ files }: PlanNeeds, path: string): Uint8Array => {
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw errors.invalidField("stdinFile", `There is no file "${path}" for the input.`);
  if (file.size > MAX_STDIN_BYTES) throw errors.invalidField("stdinFile", `"${path}" is larger than 1 MiB.`);
  return file.bytes;
};

const inputOf = (
  request: StartExecution,
  needs: PlanNeeds,
  configured: RunConfiguration["stdin"],
): Uint8Array | undefined => {
  if (request.stdinFile !== undefined) return contentOf(needs, request.stdinFile);
  const text = request.stdin ?? (typeof configured === "string" ? configured : undefined);
  if (text !== undefined) return Buffer.from(text, "utf8");
  return typeof configured === "object" ? contentOf(needs, configured.file) : undefined;
};

const planOfFile = (
  request: StartExecution,
  needs: PlanNeeds,
  {
    entryPoint,
    language,
    args,
    env,
  }: { entryPoint: string; language: KnownLanguage; args: readonly string[]; env: Record<string, string> },
): Omit<RunPlan, "stdin"> => {
  if (!needs.files.some(({ path }) => path === entryPoint)) throw errors.entryPointMissing(entryPoint);
  const { declaration } = language;
  const { files } = needs;
  return {
    language,
    sandbox: needs.languages.sandboxOf(language),
    floors: floorsOf(declaration),
    ...commandLinesOf(declaration, { entryPoint, args, files, terminal: request.tty ?? false }),
    env: { ...declaration.env, ...env },
    args,
    entryPoint,
  };
};

const requireConfiguration = (name: string, { files, languages }: PlanNeeds): RunConfiguration => {
  const found = configurationsOfFiles(files, languages.environment()).find((one) => one.name === name);
  if (found === undefined) throw errors.noSuchConfiguration(name);
  if (found.unavailable !== undefined) throw errors.configurationUnavailable(name, found.unavailable);
  return found;
};

const greatest = (floors: readonly LanguageFloors[]): LanguageFloors => ({
  memoryMiB: Math.max(...floors.map(({ memoryMiB }) => memoryMiB)),
  processes: Math.max(...floors.map(({ processes }) => processes)),
});

const planOfCommand = (
  { command, compile, folder, languages: ids, source }: RunConfiguration,
  { languages }: PlanNeeds,
  { args, env }: { readonly args: readonly string[]; readonly env: Record<string, string> },
): Omit<RunPlan, "stdin"> => {
  const { sandbox, parts } = languages.compose(ids);
  const [language] = parts;
  if (language === undefined || command === undefined) throw new Error("a configuration without a command");
  return {
    language,
    sandbox,
    floors: {
      compile: greatest(parts.map(({ declaration }) => floorsOf(declaration).compile)),
      run: greatest(parts.map(({ declaration }) => declaration.floors)),
    },
    ...(compile === undefined ? {} : { compile: [commandLineOf(compile, [], folder)] }),
    run: commandLineOf(command, args, folder),
    env: { ...Object.fromEntries(parts.flatMap(({ declaration }) => Object.entries(declaration.env))), ...env },
    args,
    entryPoint: source,
  };
};

/**
 * What the request starts. `language`: of a request that names one, which was looked up before its files were read.
 * @throws Problem execution/entry-point-missing, no-such-configuration, configuration-unavailable, no-such-language, language-not-ready;
 * request/invalid
 */
export const planRun = (request: StartExecution, language: KnownLanguage | undefined, needs: PlanNeeds): RunPlan => {
  const { args = [], env = {}, entryPoint, configuration: name } = request;
  if (name === undefined) {
    if (language === undefined || entryPoint === undefined) throw new Error("a request without a language");
    const plan = planOfFile(request, needs, { entryPoint, language, args, env });
    return { ...plan, stdin: inputOf(request, needs, undefined) };
  }
  const configuration = requireConfiguration(name, needs);
  const given = { args: request.args ?? configuration.args, env: { ...configuration.env, ...env } };
  const plan =
    configuration.command === undefined
      ? planOfFile(request, needs, {
          ...given,
          entryPoint: configuration.entryPoint ?? "",
          language: requireLanguage(needs.languages, configuration.language ?? ""),
        })
      : planOfCommand(configuration, needs, given);
  return { ...plan, stdin: inputOf(request, needs, configuration.stdin), configuration: name };
};
