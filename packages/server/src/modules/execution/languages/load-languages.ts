/** Reads every language's folder once, at the start, and reports all faults together. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ErrorPatterns } from "@atelier/contracts/error-positions";
import { checkLanguages, type Declaration, type LanguageFolder } from "@atelier/contracts/language-declaration";

/** A declaration with its hello program. */
export type LanguageDeclaration = Declaration & { readonly sampleContent: string };

/** A declaration is wrong; the message has one line per fault. */
export class LanguageFault extends Error {
  override readonly name = "LanguageFault";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The languages can't be read:\n${faults.map((fault) => `- ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}

/** Holds the recipes of root file systems, not a language. */
const IMAGES = "images";

const readFolder = async (languagesFolder: string, name: string): Promise<LanguageFolder> => {
  const folder = join(languagesFolder, name);
  const declaration = await readFile(join(folder, "language.json"), "utf8").catch((error: Error) => ({
    unreadable: error.message,
  }));
  return { name, declaration, files: await readdir(folder) };
};

const imagesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => []))
    .filter((file) => file.endsWith(".json"))
    .map((file) => basename(file, ".json"));

/**
 * Every language below the folder, in their order.
 * @throws LanguageFault with every fault of every folder.
 */
export const loadLanguages = async (languagesFolder: string): Promise<LanguageDeclaration[]> => {
  const entries = await readdir(languagesFolder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name !== IMAGES).map(({ name }) => name);
  const { declarations, faults } = checkLanguages({
    languages: await Promise.all(names.toSorted().map((name) => readFolder(languagesFolder, name))),
    images: await imagesIn(join(languagesFolder, IMAGES)),
  });
  if (faults.length > 0) throw new LanguageFault(faults);
  if (declarations.length === 0) throw new LanguageFault([`there is no language in ${languagesFolder}`]);
  return Promise.all(
    declarations.map(async (declaration) => ({
      ...declaration,
      sampleContent: await readFile(join(languagesFolder, declaration.id, declaration.sample), "utf8"),
    })),
  );
};

/** What error positions are found by. */
export const errorPatternsOf = (languages: readonly Declaration[]): ErrorPatterns =>
  Object.fromEntries(
    languages.map(({ id, errors, extensions, editor }) => [
      id,
      { ...errors, extensions: [...extensions, ...editor.moreExtensions] },
    ]),
  );
