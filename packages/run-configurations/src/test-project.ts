/** A project of a few texts, for tests. */
import { configurationsOf } from "./index.ts";
import type { Environment } from "./environment.ts";
import { createProjectView, filesToRead, type ProjectView } from "./project-view.ts";

export const viewOf = (files: Readonly<Record<string, string>>): ProjectView => {
  const all = Object.entries(files).map(([path, text]) => ({ path, text, size: text.length }));
  const wanted = new Set(filesToRead(all));
  const texts = new Map(all.filter(({ path }) => wanted.has(path)).map(({ path, text }) => [path, text]));
  return createProjectView(all, texts);
};

const language = (id: string, extensions: string[], tools: string[]) => ({ id, name: id, extensions, tools });

export const environment: Environment = {
  languages: [
    language("python", [".py"], ["python3"]),
    language("javascript", [".js"], ["node"]),
    language("typescript", [".ts"], []),
    language("c", [".c"], ["gcc", "make"]),
    language("bash", [".sh"], ["bash"]),
    language("rust", [".rs"], ["cargo"]),
    language("go", [".go"], ["go"]),
    language("java", [".java"], ["java", "javac"]),
    language("ruby", [".rb"], ["ruby", "rake"]),
    language("elixir", [".ex"], ["mix"]),
  ],
};

export const configurationsIn = (files: Readonly<Record<string, string>>) =>
  configurationsOf(viewOf(files), environment);
