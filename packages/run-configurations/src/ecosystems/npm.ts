/** package.json: its scripts, run by `node --run`, which needs no npm; and the file that starts a project without scripts. */
import { type Found, quote } from "../configuration.ts";
import { type Environment, languageWith } from "../environment.ts";
import { folderOf, joinPath, type ProjectView } from "../project-view.ts";
import { programsOf } from "../shell-words.ts";
import { asTable, asText, readJson, textEntries, type Table } from "../readers/values.ts";

/** Scripts that start the program, in the order in which Run prefers them. */
const RUN_SCRIPTS = ["start", "dev", "serve"];
const MAX_TASKS = 20;
/** What npm writes into a new package.json. */
const NO_TEST = /no test specified/u;

/** Programs of the base image, and of the shell itself; everything else in a script comes from a package. */
const BASE_PROGRAMS = new Set(
  "node bash sh echo printf true false test [ cd exit exec export set unset source . : make gcc cc python3 cat cp mv rm mkdir rmdir ls ln touch chmod sleep env find grep sed awk sort head tail wc xargs tee date pwd kill wait if then else fi for do done while".split(
    " ",
  ),
);
/** Programs that come with npm or instead of it. */
const PACKAGE_MANAGERS = new Set(["npm", "npx", "yarn", "pnpm", "bun", "bunx"]);
/** Programs whose package has another name. */
const PACKAGE_OF: ReadonlyMap<string, string> = new Map([
  ["tsc", "typescript"],
  ["ng", "@angular/cli"],
]);

type Package = {
  readonly path: string;
  readonly folder: string;
  readonly manifest: Table;
  /** Names of the packages that the program needs. */
  readonly direct: readonly string[];
  /** These and those that only its development needs. */
  readonly known: ReadonlySet<string>;
};

const packageAt = (path: string, manifest: Table): Package => {
  const direct = textEntries(manifest["dependencies"]).map(([name]) => name);
  const development = textEntries(manifest["devDependencies"]).map(([name]) => name);
  return { path, folder: folderOf(path), manifest, direct, known: new Set([...direct, ...development]) };
};

/** Packages that the script's programs come from, or that the program itself needs. */
const missingFor = (script: string, { direct, known }: Package, environment: Environment) => {
  const has = (program: string): boolean => languageWith(environment, program) !== undefined;
  const programs = programsOf(script).filter((program) => !BASE_PROGRAMS.has(program) && !/[/$"'`]/u.test(program));
  const managers = programs.filter((program) => PACKAGE_MANAGERS.has(program));
  const others = programs.filter((program) => !PACKAGE_MANAGERS.has(program) && !has(program));
  const packageOf = (program: string): string => (known.has(program) ? program : (PACKAGE_OF.get(program) ?? program));
  return {
    tools: [...new Set(managers)],
    packages: [...new Set([...direct, ...others.map(packageOf)])],
  };
};

/** `tsx src/main.ts a b`: a script that only starts a file of TypeScript needs no package here. */
const typeScriptStart = (script: string): { readonly entry: string; readonly args: string[] } | undefined => {
  const [, entry, rest = ""] =
    /^(?:npx\s+)?(?:tsx|ts-node|ts-node-esm|bun run|bun)\s+([\w./@-]{1,200}\.[cm]?tsx?)((?:\s+[\w./:=@-]{1,200}){0,20})$/u.exec(
      script.trim(),
    ) ?? [];
  return entry === undefined ? undefined : { entry, args: rest.split(/\s+/u).filter(Boolean) };
};

const portOf = (script: string): number | undefined => {
  const [, port] = /(?:--port[ =]|\bPORT=|\s-p\s)(\d{2,5})\b/u.exec(script) ?? [];
  return port === undefined || Number(port) > 65_535 ? undefined : Number(port);
};

const scriptLine = (name: string, scripts: ReadonlyMap<string, string>): string => {
  const run = (script: string): string => `node --run ${quote(script)}`;
  // `node --run` leaves out the scripts that npm runs before and after.
  const before = scripts.has(`pre${name}`) ? `${run(`pre${name}`)} && ` : "";
  const after = scripts.has(`post${name}`) ? ` && ${run(`post${name}`)}` : "";
  return `${before}${run(name)} -- "$@"${after}`;
};

const fromScript = (
  [name, script]: readonly [string, string],
  found: Package,
  { scripts, environment, view }: { scripts: ReadonlyMap<string, string>; environment: Environment; view: ProjectView },
): Found => {
  const isRun = RUN_SCRIPTS.includes(name);
  const common = {
    name: `npm ${name}`,
    kind: isRun ? "run" : "task",
    test: name === "test",
    source: found.path,
    port: portOf(script),
  } as const;
  const missing = missingFor(script, found, environment);
  const started = typeScriptStart(script);
  const entryPoint = started && joinPath(found.folder, started.entry);
  if (started !== undefined && entryPoint !== undefined && view.has(entryPoint)) {
    return { ...common, language: "typescript", entryPoint, args: started.args, needs: { packages: found.direct } };
  }
  return {
    ...common,
    command: scriptLine(name, scripts),
    folder: found.folder,
    needs: { languages: ["javascript"], ...missing },
  };
};

/** The file that `npm start` or `node .` starts. */
const mainOf = ({ manifest, folder }: Package, view: ProjectView): string | undefined => {
  const bin = asText(manifest["bin"]) ?? textEntries(manifest["bin"])[0]?.[1];
  const given = [asText(manifest["main"]), bin, "server.js", "index.js", "index.mjs", "src/index.js", "main.js"];
  return given
    .flatMap((path) => (path === undefined ? [] : [joinPath(folder, path)]))
    .find((path) => view.has(path) && /\.[cm]?[jt]s$/u.test(path));
};

const ofPackage = (found: Package, view: ProjectView, environment: Environment): Found[] => {
  const scripts = new Map(textEntries(found.manifest["scripts"]));
  const names = [...scripts.keys()].filter(
    (name) => !/^(?:pre|post)/u.test(name) || !scripts.has(name.replace(/^(?:pre|post)/u, "")),
  );
  const order = (name: string): number =>
    RUN_SCRIPTS.includes(name) ? RUN_SCRIPTS.indexOf(name) : name === "test" ? 10 : 20;
  const wanted = names
    .filter((name) => name !== "test" || !NO_TEST.test(scripts.get(name) ?? ""))
    .toSorted((a, b) => order(a) - order(b))
    .slice(0, MAX_TASKS);
  const packages = found.direct;
  const main = mainOf(found, view);
  const isStarted = wanted.some((name) => RUN_SCRIPTS.includes(name));
  const tests = view
    .below(found.folder, /\.(?:test|spec)\.[cm]?js$/u)
    .filter((path) => /["']node:test["']/u.test(view.text(path) ?? ""));
  const language = main !== undefined && /\.[cm]?ts$/u.test(main) ? "typescript" : "javascript";
  return [
    ...wanted.map((name) => fromScript([name, scripts.get(name) ?? ""], found, { scripts, environment, view })),
    ...(main === undefined || isStarted
      ? []
      : [
          {
            name: `node ${main}`,
            kind: "run",
            language,
            entryPoint: main,
            source: found.path,
            needs: { packages },
          } as const,
        ]),
    ...(tests.length === 0 || wanted.includes("test")
      ? []
      : [
          {
            name: "node --test",
            kind: "task",
            test: true,
            command: "node --test",
            folder: found.folder,
            source: found.path,
            needs: { languages: ["javascript"], packages },
          } as const,
        ]),
  ];
};

/** A project of TypeScript that has no package.json of its own: started at the usual places. */
const ofTsconfig = (path: string, view: ProjectView): Found[] => {
  const folder = folderOf(path);
  const places = ["src/main.ts", "src/index.ts", "main.ts", "index.ts", "src/app.ts", "app.ts"];
  const entryPoint = places.map((place) => joinPath(folder, place)).find((place) => view.has(place));
  if (entryPoint === undefined) return [];
  return [{ name: entryPoint, kind: "run", language: "typescript", entryPoint, source: path }];
};

export const npm = (view: ProjectView, environment: Environment): Found[] => {
  const packages = view.manifests("package.json").flatMap((path): Found[] => {
    const manifest = readJson(view.text(path) ?? "");
    return manifest === undefined ? [] : ofPackage(packageAt(path, asTable(manifest)), view, environment);
  });
  const isStarted = (folder: string): boolean =>
    packages.some(({ kind, source }) => kind === "run" && folderOf(source) === folder);
  const typescript = view
    .manifests("tsconfig.json")
    .filter((path) => !isStarted(folderOf(path)))
    .flatMap((path) => ofTsconfig(path, view));
  return [...packages, ...typescript];
};
