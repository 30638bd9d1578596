/** CMakeLists.txt: the executables of a project and of the folders below it, and its tests. */
import { type Found, quote } from "../configuration.ts";
import { folderOf, isWithin, type ProjectView } from "../project-view.ts";

const BUILD = "/tmp/build";
/** Parts of CMake itself, or of the system. */
const BUILT_IN = new Set(["Threads", "PkgConfig", "CTest", "OpenMP", "Python3", "Python"]);

type Command = { readonly name: string; readonly words: string[] };

/** `name(words …)` outside comments; a command ends at its first closing parenthesis. */
const commandsOf = (text: string): Command[] => {
  const plain = text
    .split("\n", 20_000)
    .map((line) => (line.includes("#") ? line.slice(0, line.indexOf("#")) : line))
    .join("\n");
  return plain.split(")", 20_000).flatMap((part): Command[] => {
    const open = part.indexOf("(");
    const [name] = /[A-Za-z_]\w{0,60}\s{0,5}$/u.exec(part.slice(Math.max(0, open - 80), Math.max(0, open))) ?? [];
    if (open === -1 || name === undefined) return [];
    const words = part
      .slice(open + 1, open + 4000)
      .split(/\s+/u)
      .filter(Boolean);
    return [{ name: name.trim().toLowerCase(), words: words.map((word) => word.replaceAll('"', "")) }];
  });
};

const ofProject = (path: string, view: ProjectView, below: readonly string[]): Found[] => {
  const commands = [path, ...below].flatMap((file) => commandsOf(view.text(file) ?? ""));
  const variables = new Map<string, string>();
  const expand = (word: string): string =>
    word.replaceAll(/\$\{(\w{1,60})\}/gu, (whole, name: string) => (variables.get(name) ?? whole).slice(0, 200));
  const programs: string[] = [];
  const packages: string[] = [];
  let tests = false;
  for (const { name, words } of commands) {
    const [first = ""] = words;
    if (name === "project") variables.set("PROJECT_NAME", first).set("CMAKE_PROJECT_NAME", first);
    if (name === "set") variables.set(first, expand(words[1] ?? ""));
    if (name === "add_executable" && !words.includes("IMPORTED")) programs.push(expand(first));
    if (name === "find_package" && words.includes("REQUIRED") && !BUILT_IN.has(first)) packages.push(first);
    if (name === "fetchcontent_declare" || name === "externalproject_add") packages.push(first);
    if (name === "add_test") tests = true;
  }
  const languages = view.below(folderOf(path), /\.(?:cc|cpp|cxx|hpp)$/u).length > 0 ? ["cpp"] : ["c"];
  const folder = folderOf(path);
  const common = { folder, source: path, needs: { languages, tools: ["cmake", "make"], packages } };
  const configure = `cmake -S . -B ${BUILD} -DCMAKE_RUNTIME_OUTPUT_DIRECTORY=${BUILD}/bin >/dev/null`;
  const isTest = (program: string): boolean => /(?:^|[_-])tests?(?:$|[_-])/iu.test(program);
  const plain = [...new Set(programs)].filter((program) => /^[\w.+-]{1,80}$/u.test(program));
  return [
    ...plain
      .toSorted((a, b) => Number(isTest(a)) - Number(isTest(b)))
      .map((program): Found => ({
        ...common,
        name: program,
        kind: isTest(program) ? "task" : "run",
        compile: `${configure} && cmake --build ${BUILD} --target ${quote(program)}`,
        command: [`${BUILD}/bin/${program}`],
      })),
    ...(tests
      ? [
          {
            ...common,
            name: "ctest",
            kind: "task",
            test: true,
            compile: `${configure} && cmake --build ${BUILD}`,
            command: `ctest --test-dir ${BUILD} --output-on-failure`,
          } as const,
        ]
      : []),
  ];
};

export const cmake = (view: ProjectView): Found[] => {
  const all = view.manifests("CMakeLists.txt");
  const roots = all.filter(
    (path) =>
      !all.some(
        (other) => other !== path && isWithin(folderOf(other), folderOf(path)) && folderOf(other) !== folderOf(path),
      ),
  );
  return roots.flatMap((path) =>
    ofProject(
      path,
      view,
      all.filter((other) => other !== path && isWithin(folderOf(path), other)),
    ),
  );
};
