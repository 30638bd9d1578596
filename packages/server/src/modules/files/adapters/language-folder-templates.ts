/** Templates from the folders of the languages: a new project of a language starts with its sample. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { parsePath } from "@atelier/contracts";
import { z } from "zod";
import type { TemplateFile, Templates } from "../ports.ts";

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/u;
const DeclarationSchema = z.looseObject({ sample: z.string() });

const absentAsUndefined = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
};

const readTemplateFile = async (folder: string, path: string): Promise<TemplateFile> => {
  const parsed = parsePath(path);
  if (!parsed.ok) throw new Error(`The template's file ${path} has no valid path: ${parsed.detail}`);
  return { path: parsed.path, bytes: await readFile(join(folder, path)) };
};

/** @param folder contains one folder for each language: `language.json` with `sample`, and that file or a folder `sample/`. */
export const createLanguageFolderTemplates = (folder: string): Templates => ({
  async get(id) {
    if (!ID.test(id)) return undefined;
    const home = join(folder, id);
    const declaration = await readFile(join(home, "language.json"), "utf8").catch(absentAsUndefined);
    if (declaration === undefined) return undefined;
    const sampleFolder = join(home, "sample");
    const inFolder = await readdir(sampleFolder, { recursive: true, withFileTypes: true }).catch(absentAsUndefined);
    if (inFolder !== undefined) {
      const paths = inFolder
        .filter((item) => item.isFile())
        .map((item) => relative(sampleFolder, join(item.parentPath, item.name)).split(sep).join("/"));
      return Promise.all(paths.map((path) => readTemplateFile(sampleFolder, path)));
    }
    const { sample } = DeclarationSchema.parse(JSON.parse(declaration));
    return [await readTemplateFile(home, sample)];
  },
});
