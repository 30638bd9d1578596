/** Java and Kotlin: pom.xml and build.gradle without their tools, where there are no packages to fetch; and plain sources. */
import { type Found, quote } from "../configuration.ts";
import { folderOf, isWithin, joinPath, nameOf, type ProjectView } from "../project-view.ts";
import { linesOf } from "../readers/lines.ts";
import { childText, readXml } from "../readers/xml.ts";

const JAVA_MAIN = /\b(?:static\s{1,20})?void\s{1,20}main\s{0,20}\(/u;
const KOTLIN_MAIN = /^\s{0,40}(?:suspend\s{1,20})?fun\s{1,20}main\s{0,20}\(/mu;
const PACKAGE = /^\s{0,40}package\s{1,20}([\w.]{1,200})/mu;

const packageOf = (text: string): string => PACKAGE.exec(text)?.[1] ?? "";
const isMain = (path: string, text: string): boolean => (path.endsWith(".kt") ? KOTLIN_MAIN : JAVA_MAIN).test(text);
/** `src/main/java/com/x/Main.java`, package com.x -> `com.x.Main`; a file of Kotlin is the class `MainKt`. */
const classOf = (path: string, text: string): string => {
  const base = nameOf(path).replace(/\.(?:java|kt)$/u, "");
  const name = path.endsWith(".kt") ? `${base.slice(0, 1).toUpperCase()}${base.slice(1)}Kt` : base;
  const at = packageOf(text);
  return at === "" ? name : `${at}.${name}`;
};

type Build = {
  readonly path: string;
  readonly folder: string;
  readonly mainClass: string | undefined;
  readonly packages: readonly string[];
  readonly testPackages: readonly string[];
};

const readPom = (path: string, view: ProjectView): Build => {
  const elements = readXml(view.text(path) ?? "");
  const dependencies = elements.filter(
    ({ name, parent }) => name === "dependency" && parent?.name === "dependencies" && parent.parent?.name === "project",
  );
  const own = dependencies.map((dependency) => ({
    artifact: childText(elements, dependency, "artifactId") ?? "",
    isTest: childText(elements, dependency, "scope") === "test",
  }));
  const mainClass = elements.find(({ name }) => name === "mainClass" || name === "exec.mainClass")?.text;
  const parent = elements.find((element) => element.name === "parent" && element.parent?.name === "project");
  return {
    path,
    folder: folderOf(path),
    mainClass,
    packages: [
      ...(parent === undefined || childText(elements, parent, "relativePath") !== undefined
        ? []
        : [childText(elements, parent, "artifactId") ?? ""]),
      ...own.filter(({ isTest }) => !isTest).map(({ artifact }) => artifact),
    ].filter(Boolean),
    testPackages: own.filter(({ isTest }) => isTest).map(({ artifact }) => artifact),
  };
};

/** `implementation("g:a:v")`, `testImplementation 'g:a:v'`, `mainClass = 'x'`. */
const readGradle = (path: string, view: ProjectView): Build => {
  const packages: string[] = [];
  const testPackages: string[] = [];
  let mainClass: string | undefined;
  for (const line of linesOf(view.text(path) ?? "")) {
    const [, kind = "", artifact] =
      /^\s{0,40}(api|compileOnly|implementation|runtimeOnly|test\w{1,40})\b[\s(]{1,10}(?:platform\()?["'][^"':]{1,100}:([^"':]{1,100})/u.exec(
        line,
      ) ?? [];
    if (artifact !== undefined) (kind.startsWith("test") ? testPackages : packages).push(artifact);
    mainClass ??= /\bmainClass(?:Name)?\b.{0,40}?["']([\w.$]{1,200})["']/u.exec(line)?.[1];
  }
  return { path, folder: folderOf(path), mainClass, packages, testPackages };
};

const CLASSES = "/tmp/classes";

const ofBuild = ({ path, folder, mainClass, packages, testPackages }: Build, view: ProjectView): Found[] => {
  const roots = ["src/main/java", "src/main/kotlin", "src"].map((root) => joinPath(folder, root));
  const root = roots.find((at) => view.below(at, /\.(?:java|kt)$/u).length > 0);
  if (root === undefined) return [];
  const isKotlin = view.below(folder, /(?:^|\/)main\/kotlin\/.*\.kt$/u).length > 0;
  const sources = [joinPath(folder, "src/main"), root].flatMap((at) => view.below(at, /\.(?:java|kt)$/u));
  const mains = [...new Set(sources)]
    .filter((file) => !file.includes("/src/test/"))
    .flatMap((file) => {
      const text = view.text(file) ?? "";
      return isMain(file, text) ? [{ file, className: classOf(file, text) }] : [];
    });
  const preferred = mains.toSorted((a, b) => Number(b.className === mainClass) - Number(a.className === mainClass));
  const relative = folder === "" ? root : root.slice(folder.length + 1);
  const resources = joinPath(folder, "src/main/resources");
  const copy = view.below(resources, /./u).length === 0 ? "" : ` && cp -R src/main/resources/. ${CLASSES}/`;
  const needs = { languages: ["java"], packages };
  const runs = preferred.map(({ file, className }): Found =>
    isKotlin
      ? { name: className, kind: "run", language: "kotlin", entryPoint: file, source: path, needs: { packages } }
      : {
          name: `java ${className}`,
          kind: "run",
          compile: `mkdir -p ${CLASSES} && find ${quote(relative)} -name '*.java' -not -path '*/src/test/*' -print0 | xargs -0 javac -d ${CLASSES}${copy}`,
          command: ["java", "-cp", CLASSES, className],
          folder,
          source: path,
          needs,
        },
  );
  const hasTests = view.below(joinPath(folder, "src/test"), /\.(?:java|kt)$/u).length > 0;
  if (!hasTests) return runs;
  const tool = path.endsWith(".xml") ? "mvn" : "gradle";
  return [
    ...runs,
    {
      name: `${tool} test`,
      kind: "task",
      test: true,
      command: `${tool} --offline ${tool === "mvn" ? "--quiet test" : "test"}`,
      folder,
      source: path,
      needs: { languages: [isKotlin ? "kotlin" : "java"], tools: [tool], packages: [...packages, ...testPackages] },
    },
  ];
};

/** Sources without a build: each with a main is a program, and the others of its package belong to it. */
const ofSources = (view: ProjectView, built: readonly string[]): Found[] => {
  const sources = view.below("", /\.(?:java|kt)$/u).filter((path) => !built.some((folder) => isWithin(folder, path)));
  if (sources.length < 2) return [];
  return sources.flatMap((path): Found[] => {
    const text = view.text(path) ?? "";
    if (!isMain(path, text)) return [];
    const language = path.endsWith(".kt") ? "kotlin" : "java";
    return [{ name: classOf(path, text), kind: "run", language, entryPoint: path, source: path }];
  });
};

export const jvm = (view: ProjectView): Found[] => {
  const builds = [
    ...view.manifests("pom.xml").map((path) => readPom(path, view)),
    ...view.manifests(/^build\.gradle(?:\.kts)?$/u).map((path) => readGradle(path, view)),
  ];
  const found = builds.flatMap((build) => ofBuild(build, view));
  return [
    ...found,
    ...ofSources(
      view,
      builds.map(({ folder }) => folder),
    ),
  ];
};
