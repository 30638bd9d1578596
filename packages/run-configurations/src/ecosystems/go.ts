/** go.mod: every folder of the module with a main package, and the module's tests. */
import { type Found, quote } from "../configuration.ts";
import { folderOf, joinPath, type ProjectView } from "../project-view.ts";
import { linesOf } from "../readers/lines.ts";

const ENV = { GOCACHE: "/tmp/go-cache", GOPATH: "/tmp/go", GOPROXY: "off", GOTOOLCHAIN: "local" };
const MAIN_PACKAGE = /^package main\b/mu;
const MAIN_FUNCTION = /^func main\(\)/mu;

/** Direct requirements. */
const requiredBy = (text: string): string[] => {
  let isInBlock = false;
  return linesOf(text).flatMap((line) => {
    const words = line.trim().split(/\s+/u);
    if (words[0] === "require" && words[1] === "(") isInBlock = true;
    else if (words[0] === ")") isInBlock = false;
    const [module = "", version] = words[0] === "require" ? words.slice(1) : isInBlock ? words : [];
    return version === undefined || module.startsWith("//") || line.includes("// indirect") ? [] : [module];
  });
};

const ofModule = (path: string, view: ProjectView, nested: readonly string[]): Found[] => {
  const folder = folderOf(path);
  const own = view.below(folder, /\.go$/u).filter((file) => !nested.some((other) => file.startsWith(`${other}/`)));
  const mains = [
    ...new Set(
      own
        .filter((file) => {
          const text = file.endsWith("_test.go") ? "" : (view.text(file) ?? "");
          return MAIN_PACKAGE.test(text) && MAIN_FUNCTION.test(text);
        })
        .map(folderOf),
    ),
  ];
  const isVendored = view.has(joinPath(folder, "vendor/modules.txt"));
  const packages = isVendored ? [] : requiredBy(view.text(path) ?? "");
  const needs = { languages: ["go"], tools: ["go"], packages };
  const relative = (at: string): string =>
    at === folder ? "." : `./${at.slice(folder === "" ? 0 : folder.length + 1)}`;
  return [
    ...mains.map((at): Found => ({
      name: `go run ${relative(at)}`,
      kind: "run",
      compile: `go build -o /tmp/program ${quote(relative(at))}`,
      command: ["/tmp/program"],
      env: ENV,
      folder,
      source: path,
      needs,
    })),
    ...(own.some((file) => file.endsWith("_test.go"))
      ? [
          {
            name: "go test",
            kind: "task",
            test: true,
            command: "go test ./...",
            env: ENV,
            folder,
            source: path,
            needs,
          } as const,
        ]
      : []),
  ];
};

export const go = (view: ProjectView): Found[] => {
  const modules = view.manifests("go.mod");
  return modules.flatMap((path) => {
    const folder = folderOf(path);
    const nested = modules
      .map(folderOf)
      .filter((other) => other !== folder && (folder === "" || other.startsWith(`${folder}/`)));
    return ofModule(path, view, nested);
  });
};
