/** Ruby: the tasks of a Rakefile, the program of a project without one, and its tests. */
import { type Found, quote } from "../configuration.ts";
import { folderOf, joinPath, type ProjectView } from "../project-view.ts";
import { linesOf } from "../readers/lines.ts";

const MAX_TASKS = 30;
const TESTS = /(?:^|\/)(?:test|spec)\/(?:.*\/)?(?:test_[^/]*|[^/]*_test|[^/]*_spec)\.rb$/u;
/** Gems that come with Ruby. */
const BUNDLED = new Set(["rake", "minitest", "test-unit", "bundler", "json", "csv", "bigdecimal", "irb"]);

const gemsOf = (text: string): string[] =>
  linesOf(text).flatMap((line) => {
    const [, name] = /^\s{0,40}gem[\s(]{1,5}["']([\w.-]{1,100})["']/u.exec(line) ?? [];
    return name === undefined || BUNDLED.has(name) ? [] : [name];
  });

type Task = { readonly name: string; readonly isTest: boolean };

const tasksOf = (text: string): Task[] => {
  const spaces: { name: string; indent: number }[] = [];
  return linesOf(text).flatMap((line): Task[] => {
    const indent = line.search(/\S/u);
    if (indent === -1) return [];
    while (spaces.length > 0 && (spaces.at(-1)?.indent ?? 0) >= indent) spaces.pop();
    const [, space] = /^\s*namespace\s{1,5}[:"']{1,2}(\w{1,60})/u.exec(line) ?? [];
    if (space !== undefined) spaces.push({ name: space, indent });
    const [, name] = /^\s*(?:task|multitask)[\s(]{1,5}:?["']?([\w-]{1,60})["']?/u.exec(line) ?? [];
    const [, test] = /\bTestTask\.new(?:\(:?["']?(\w{1,60}))?/u.exec(line) ?? [];
    if (name === undefined && !line.includes("TestTask.new")) return [];
    const own = name ?? test ?? "test";
    const full = [...spaces.map((at) => at.name), own].join(":");
    return [{ name: full, isTest: name === undefined || /^(?:test|spec)$/u.test(own) }];
  });
};

const ofRakefile = (path: string, view: ProjectView): Found[] => {
  const folder = folderOf(path);
  const packages = gemsOf(view.text(joinPath(folder, "Gemfile")) ?? "");
  const needs = { languages: ["ruby"], tools: ["rake"], packages };
  const tasks = tasksOf(view.text(path) ?? "");
  const unique = [...new Map(tasks.toReversed().map((task) => [task.name, task])).values()].toReversed();
  const hasRun = unique.some(({ name }) => name === "run");
  return unique
    .slice(0, MAX_TASKS)
    .toSorted(
      (a, b) => Number(b.name === "run" || b.name === "default") - Number(a.name === "run" || a.name === "default"),
    )
    .map(({ name, isTest }): Found => {
      const isRun = name === "run" || (name === "default" && !hasRun);
      return {
        name: name === "default" ? "rake" : `rake ${name}`,
        kind: isRun ? "run" : "task",
        test: isTest,
        command: name === "default" ? "rake" : `rake ${quote(name)}`,
        folder,
        source: path,
        needs,
      };
    });
};

export const ruby = (view: ProjectView): Found[] => {
  const rake = view.manifests("Rakefile").flatMap((path) => ofRakefile(path, view));
  const packages = gemsOf(view.text("Gemfile") ?? "");
  const places = ["main.rb", "app.rb", "lib/main.rb", ...view.below("bin", /^bin\/[^/]+\.rb$/u)];
  const programs = places.filter((path) => view.has(path));
  const tests = view.below("", TESTS);
  return [
    ...rake,
    ...programs.map((path): Found => ({
      name: `ruby ${path}`,
      kind: "run",
      language: "ruby",
      entryPoint: path,
      source: path,
      needs: { packages },
    })),
    ...(tests.length === 0 || rake.some(({ test }) => test)
      ? []
      : [
          {
            name: "ruby tests",
            kind: "task",
            test: true,
            command: [
              "ruby",
              "-Ilib",
              "-Itest",
              "-e",
              `Dir["{test,spec}/**/{test_*,*_test,*_spec}.rb"].sort.each { |file| require File.expand_path(file) }`,
            ],
            source: tests[0] ?? "",
            needs: { languages: ["ruby"], packages },
          } as const,
        ]),
  ];
};
