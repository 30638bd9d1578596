/** Python: pyproject.toml, packages with a __main__, WSGI applications, and tests by unittest or pytest. */
import type { Found } from "../configuration.ts";
import { type Environment, languageWith } from "../environment.ts";
import { folderOf, isWithin, joinPath, nameOf, type ProjectView } from "../project-view.ts";
import { linesOf } from "../readers/lines.ts";
import { asTable, asTexts, readToml, textEntries, type Table } from "../readers/values.ts";

const WSGI_PORT = 8000;
const IDENTIFIER = /^[A-Za-z_]\w{0,100}$/u;
const MODULE = /^[A-Za-z_]\w{0,100}(?:\.[A-Za-z_]\w{0,100}){0,10}$/u;

/** `Flask>=3 ; python_version > "3"` -> `Flask` */
const distributionOf = (requirement: string): string | undefined =>
  /^\s{0,20}([A-Za-z0-9][\w.-]{0,100})/u.exec(requirement)?.[1];

const required = (requirements: readonly string[]): string[] =>
  requirements.flatMap((requirement) => distributionOf(requirement) ?? []);

/** requirements.txt without its options. */
const listed = (text: string): string[] => required(linesOf(text).filter((line) => !/^\s*(?:#|-|$)/u.test(line)));

type Project = {
  readonly folder: string;
  readonly source: string;
  readonly manifest: Table | undefined;
  /** Folders that modules are imported from, relative to `folder`. */
  readonly roots: readonly string[];
  readonly packages: readonly string[];
};

const projectAt = (folder: string, view: ProjectView): Project => {
  const pyproject = joinPath(folder, "pyproject.toml");
  const requirements = joinPath(folder, "requirements.txt");
  const manifest = readToml(view.text(pyproject) ?? "");
  const poetry = asTable(asTable(asTable(manifest?.["tool"])["poetry"])["dependencies"]);
  const packages = [
    ...required(asTexts(asTable(manifest?.["project"])["dependencies"])),
    ...Object.keys(poetry).filter((name) => name !== "python"),
    ...listed(view.text(requirements) ?? ""),
  ];
  const hasSources =
    view.below(joinPath(folder, "src"), /\.py$/u).length > 0 && !view.has(joinPath(folder, "src/__init__.py"));
  return {
    folder,
    source: view.has(pyproject) ? pyproject : requirements,
    manifest,
    roots: hasSources ? ["src"] : [],
    packages: [...new Set(packages)],
  };
};

const envOf = ({ roots }: Project): Record<string, string> =>
  roots.length === 0 ? {} : { PYTHONPATH: roots.join(":") };

/** `[project.scripts]`: commands that call a function of a module. */
const scriptsOf = (project: Project): Found[] => {
  const table = asTable(project.manifest?.["project"]);
  return textEntries(table["scripts"])
    .slice(0, 20)
    .flatMap(([name, target]): Found[] => {
      const [module = "", call = ""] = target.split(":");
      const callable = call.split("[")[0]?.trim() ?? "";
      if (!MODULE.test(module) || !MODULE.test(callable)) return [];
      const [root = ""] = callable.split(".");
      const program = `import sys; from ${module} import ${root}; sys.argv[0] = ${JSON.stringify(name)}; sys.exit(${callable}())`;
      return [
        {
          name,
          kind: "run",
          command: ["python3", "-u", "-c", program],
          env: envOf(project),
          folder: project.folder,
          source: project.source,
          needs: { languages: ["python"], packages: project.packages },
        },
      ];
    });
};

/** `python -m name` for each top package with a `__main__`. */
const packagesOf = (project: Project, view: ProjectView): Found[] =>
  view.below(project.folder, /(?:^|\/)__main__\.py$/u).flatMap((path): Found[] => {
    const root = joinPath(project.folder, project.roots[0] ?? "");
    const name = nameOf(folderOf(path));
    const isTop = folderOf(folderOf(path)) === root && isWithin(root, path) && path !== joinPath(root, "__main__.py");
    if (!isTop || !IDENTIFIER.test(name)) return [];
    return [
      {
        name: `python -m ${name}`,
        kind: "run",
        command: ["python3", "-u", "-m", name],
        env: envOf(project),
        folder: project.folder,
        source: view.has(project.source) ? project.source : path,
        needs: { languages: ["python"], packages: project.packages },
      },
    ];
  });

/** A module that has an application and does not start a server itself. */
const wsgiOf = (project: Project, view: ProjectView): Found[] =>
  ["wsgi.py", "app.py", "application.py"].flatMap((file): Found[] => {
    const path = joinPath(project.folder, file);
    const text = view.text(path) ?? "";
    const [, name] = /^(?:def\s{1,5})?(application|app)\b\s{0,5}(?:=|\(\s{0,5}environ)/mu.exec(text) ?? [];
    if (name === undefined || /__name__\s{0,5}==/u.test(text)) return [];
    const module = file.slice(0, -3);
    const program = `from wsgiref.simple_server import make_server; from ${module} import ${name}; make_server("", ${WSGI_PORT}, ${name}).serve_forever()`;
    return [
      {
        name: `serve ${file}`,
        kind: "run",
        command: ["python3", "-u", "-c", program],
        port: WSGI_PORT,
        folder: project.folder,
        source: path,
        needs: { languages: ["python"], packages: project.packages },
      },
    ];
  });

const testsOf = (project: Project, view: ProjectView, environment: Environment): Found[] => {
  const files = view.below(project.folder, /(?:^|\/)(?:test_[^/]*|[^/]*_test|tests)\.py$/u);
  if (files.length === 0) return [];
  const texts = files.map((path) => view.text(path) ?? "");
  const tool = asTable(project.manifest?.["tool"]);
  const isPytest =
    texts.some((text) => /^(?:import pytest|from pytest\b)/mu.test(text)) ||
    (tool["pytest"] !== undefined && !texts.some((text) => text.includes("unittest"))) ||
    (!texts.some((text) => text.includes("unittest")) && texts.some((text) => /^def test_/mu.test(text)));
  const common = { kind: "task", test: true, env: envOf(project), folder: project.folder } as const;
  const source = view.has(project.source) ? project.source : (files[0] ?? "");
  const needs = { languages: ["python"], packages: project.packages };
  if (isPytest) {
    const hasPytest = languageWith(environment, "pytest") !== undefined;
    const packages = hasPytest ? project.packages : [...new Set(["pytest", ...project.packages])];
    return [{ ...common, name: "pytest", command: "python3 -m pytest", source, needs: { ...needs, packages } }];
  }
  const start = ["tests", "test"].find((name) => files.some((path) => isWithin(joinPath(project.folder, name), path)));
  const isPackage = start !== undefined && view.has(joinPath(project.folder, `${start}/__init__.py`));
  // A file `x_test.py` is none that unittest finds by itself.
  const pattern = files.some((path) => nameOf(path).startsWith("test")) ? "" : " -p '*_test.py'";
  const where = start === undefined ? "" : ` -s ${start}${isPackage ? " -t ." : ""}`;
  return [
    {
      ...common,
      name: "python -m unittest",
      command: `python3 -m unittest discover${where}${pattern} "$@"`,
      source,
      needs,
    },
  ];
};

/** The folder above the files of tests or packages, where no manifest says which it is. */
export const python = (view: ProjectView, environment: Environment): Found[] => {
  const manifests = [...view.manifests("pyproject.toml"), ...view.manifests("requirements.txt")].map(folderOf);
  const hasSources = view.paths.some((path) => path.endsWith(".py"));
  const folders = [...new Set([...manifests, ...(hasSources && !manifests.includes("") ? [""] : [])])];
  return folders.flatMap((folder) => {
    const nested = folders.filter((other) => other !== folder && isWithin(folder, `${other}/`));
    const own: ProjectView = {
      ...view,
      below: (at, pattern) => view.below(at, pattern).filter((path) => !nested.some((other) => isWithin(other, path))),
    };
    const project = projectAt(folder, own);
    return [
      ...scriptsOf(project),
      ...packagesOf(project, own),
      ...wsgiOf(project, own),
      ...testsOf(project, own, environment),
    ];
  });
};
