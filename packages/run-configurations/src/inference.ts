/** What Run can do in a project that does not say so itself: every ecosystem looks at the same files. */
import type { RunConfiguration } from "@atelier/contracts";
import { type Found, toConfiguration } from "./configuration.ts";
import { cargo } from "./ecosystems/cargo.ts";
import { cmake } from "./ecosystems/cmake.ts";
import { go } from "./ecosystems/go.ts";
import { jvm } from "./ecosystems/jvm.ts";
import { make } from "./ecosystems/make.ts";
import { npm } from "./ecosystems/npm.ts";
import { others } from "./ecosystems/others.ts";
import { python } from "./ecosystems/python.ts";
import { ruby } from "./ecosystems/ruby.ts";
import type { Environment } from "./environment.ts";
import type { ProjectView } from "./project-view.ts";
import { MAX_CONFIGURATIONS } from "./readers/limits.ts";

/** A Makefile says what the project's author wants; then the build tools; then what is guessed from sources. */
const ECOSYSTEMS = [make, npm, cargo, go, cmake, jvm, python, ruby, others] as const;

/** The usual names of the file that starts a small project. */
const MAIN = /^(?:src\/)?(?:main|app|index|program|__main__)\.\w+$/iu;

/** The file that starts a project without a manifest, for each language. */
const ofMainFiles = (view: ProjectView, { languages }: Environment): Found[] =>
  view.paths
    .filter((path) => MAIN.test(path))
    .slice(0, 20)
    .flatMap((path): Found[] => {
      const language = languages.find(({ extensions }) => extensions.some((extension) => path.endsWith(extension)));
      if (language === undefined) return [];
      return [{ name: path, kind: "run", language: language.id, entryPoint: path, source: path }];
    });

/** In the order in which they are offered: programs, then tests, then other tasks; each name once. */
export const inferConfigurations = (view: ProjectView, environment: Environment): RunConfiguration[] => {
  const found = ECOSYSTEMS.flatMap((ecosystem) => ecosystem(view, environment));
  const isStarted = found.some(({ kind }) => kind === "run");
  const all = [...found, ...(isStarted ? [] : ofMainFiles(view, environment))];
  const names = new Set<string>();
  const rank = ({ kind, test }: RunConfiguration): number => (kind === "run" ? 0 : test ? 1 : 2);
  return all
    .map((one) => toConfiguration(environment, one))
    .filter(({ name }) => name !== "" && !names.has(name) && names.add(name))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, MAX_CONFIGURATIONS);
};
