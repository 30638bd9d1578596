/** Makefile: its targets as tasks, and the program that it builds as what Run starts. */
import { type Found, quote } from "../configuration.ts";
import { type Environment } from "../environment.ts";
import { folderOf, type ProjectView } from "../project-view.ts";
import { linesOf } from "../readers/lines.ts";

const MAX_TARGETS = 30;
const MAX_LINES = 2000;
/** Targets that run the program, in the order in which Run prefers them. */
const RUN_TARGETS = ["run", "start", "serve"];
const TEST_TARGETS = ["test", "tests", "check"];
/** Languages that a Makefile builds; each whose sources are there may be needed. */
const BUILT = ["c", "cpp", "fortran", "ada", "pascal", "nasm", "go", "rust", "d", "ocaml", "haskell"];

type Rule = { readonly targets: string[]; readonly needs: string[]; readonly recipe: string[] };
type Makefile = {
  readonly variables: ReadonlyMap<string, string>;
  readonly rules: readonly Rule[];
  readonly phony: ReadonlySet<string>;
};

const MAX_EXPANDED = 1000;
/** Replaces `$(NAME)` and `${NAME}`, a few levels deep; functions and what is unknown stay as they are. */
const expand = (text: string, variables: ReadonlyMap<string, string>): string => {
  let expanded = text;
  for (let round = 0; round < 4 && expanded.includes("$"); round += 1) {
    let left = MAX_EXPANDED;
    expanded = expanded
      .replaceAll(/\$(?:\(([\w.-]{1,100})\)|\{([\w.-]{1,100})\})/gu, (whole, a: string, b: string) => {
        const value = (variables.get(a ?? b) ?? whole).slice(0, left);
        left -= value.length;
        return value;
      })
      .slice(0, MAX_EXPANDED);
  }
  return expanded;
};

const words = (text: string): string[] => text.split(/\s+/u).filter(Boolean);

const readMakefile = (text: string): Makefile => {
  const variables = new Map<string, string>();
  const rules: Rule[] = [];
  const phony = new Set<string>();
  let continued = "";
  for (const raw of linesOf(text).slice(0, MAX_LINES)) {
    const line = `${continued}${raw}`.slice(0, 4000);
    continued = line.endsWith("\\") && !line.startsWith("\t") ? `${line.slice(0, -1)} ` : "";
    if (continued !== "") continue;
    if (line.startsWith("\t")) {
      rules.at(-1)?.recipe.push(line.slice(1));
      continue;
    }
    const [, name, value] = /^(?:export\s+|override\s+)?([\w.-]{1,100})\s*(?::{0,2}|\?|\+)=\s*(.*)$/u.exec(line) ?? [];
    if (name !== undefined) {
      variables.set(name, (value ?? "").replace(/\s#.*$/u, "").trimEnd());
      continue;
    }
    const [, left, right = ""] = /^([^#\s:=][^:=#]*)::?(?!=)([^#]*)/u.exec(line) ?? [];
    if (left === undefined) continue;
    const [needs = "", recipe] = right.split(";", 2);
    const rule = {
      targets: words(expand(left, variables)),
      needs: words(expand(needs, variables)),
      recipe: recipe === undefined ? [] : [recipe],
    };
    if (rule.targets.includes(".PHONY")) for (const target of rule.needs) phony.add(target);
    else rules.push(rule);
  }
  return { variables, rules, phony };
};

const isPlain = (target: string): boolean => /^[A-Za-z0-9_][\w./+-]{0,60}$/u.test(target);
const isFileTarget = (target: string): boolean => target.includes("/") || /\.(?:o|a|so|d|h|c|cpp)$/u.test(target);

/** The target that links a program, with what `all` or the default target needs looked through. */
const programOf = ({ rules, phony, variables }: Makefile): string | undefined => {
  const ruleOf = (target: string): Rule | undefined => rules.find(({ targets }) => targets.includes(target));
  const first = rules.find(({ targets }) => targets[0] !== undefined && !targets[0].startsWith("."));
  const seen = new Set<string>();
  const queue = [...(first?.targets ?? []), ...(ruleOf("all")?.needs ?? [])];
  for (let target = queue.shift(); target !== undefined && seen.size < 200; target = queue.shift()) {
    if (seen.has(target)) continue;
    seen.add(target);
    const rule = ruleOf(target);
    if (rule === undefined) continue;
    const recipe = rule.recipe.map((line) => expand(line, variables)).join("\n");
    const makesFile =
      !phony.has(target) &&
      /-o\s*(?:\$@|\S)|\$\(LINK|go build|rustc/u.test(recipe) &&
      !/(?:^|\s)-c(?:\s|$)/u.test(recipe);
    if (makesFile && isPlain(target) && !/\.(?:o|a|so)$/u.test(target)) return target;
    queue.push(...rule.needs);
  }
  return undefined;
};

/** Whose compilers the recipes may start: C's always, because of the built-in rules. */
const languagesOf = (folder: string, view: ProjectView, environment: Environment): string[] => {
  const built = environment.languages.filter(
    ({ id, extensions }) =>
      BUILT.includes(id) &&
      extensions.some((extension) => view.paths.some((path) => path.startsWith(folder) && path.endsWith(extension))),
  );
  return built.map(({ id }) => id);
};

const ofMakefile = (path: string, view: ProjectView, environment: Environment): Found[] => {
  const folder = folderOf(path);
  const makefile = readMakefile(view.text(path) ?? "");
  const targets = [...new Set(makefile.rules.flatMap((rule) => rule.targets))].filter((target) => isPlain(target));
  const needs = { languages: languagesOf(folder, view, environment), tools: ["make"] };
  const common = { folder, source: path, needs };
  const run = RUN_TARGETS.find((target) => targets.includes(target));
  const program = programOf(makefile);
  const first = makefile.rules[0]?.targets[0];
  const order = (target: string): number => (target === first ? 0 : makefile.phony.has(target) ? 1 : 2);
  const shown = targets
    .filter(
      (target) =>
        target !== run &&
        (run !== undefined || target !== program) &&
        target !== "all" &&
        (!isFileTarget(target) || target === first),
    )
    .toSorted((a, b) => order(a) - order(b))
    .slice(0, MAX_TARGETS);
  // What `run` needs is built in the stage before, so that a compiler's error is one and not the program's.
  const built = makefile.rules
    .filter((rule) => run !== undefined && rule.targets.includes(run))
    .flatMap((rule) => rule.needs)
    .filter((target) => isPlain(target) && !makefile.phony.has(target));
  return [
    ...(run === undefined
      ? []
      : [
          {
            ...common,
            name: `make ${run}`,
            kind: "run",
            command: `make --silent ${run} "$@"`,
            ...(built.length === 0 ? {} : { compile: `make --silent ${built.map(quote).join(" ")}` }),
          } as const,
        ]),
    ...(run !== undefined || program === undefined
      ? []
      : [
          {
            ...common,
            name: program,
            kind: "run",
            compile: `make --silent ${quote(program)}`,
            command: [`./${program}`],
          } as const,
        ]),
    ...(targets.length === 0 ? [] : [{ ...common, name: "make", kind: "task", command: "make" } as const]),
    ...shown.map((target): Found => ({
      ...common,
      name: `make ${target}`,
      kind: "task",
      test: TEST_TARGETS.includes(target),
      command: `make ${quote(target)} "$@"`,
    })),
  ];
};

export const make = (view: ProjectView, environment: Environment): Found[] => {
  const seen = new Set<string>();
  // Make itself reads the first of these that is there.
  return ["GNUmakefile", "makefile", "Makefile"]
    .flatMap((name) => view.manifests(name))
    .filter((path) => !seen.has(folderOf(path)) && seen.add(folderOf(path)))
    .flatMap((path) => ofMakefile(path, view, environment));
};
