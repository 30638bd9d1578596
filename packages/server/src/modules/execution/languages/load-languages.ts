/** Reads every language's folder once and reports all faults together. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeclarationSchema, faultsOf, type LanguageDeclaration } from "./declaration.ts";

/** A declaration is wrong; the message has one line per fault. */
export class LanguageFault extends Error {
  override readonly name = "LanguageFault";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The languages can't be read:\n${faults.map((fault) => `- ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}

const DECLARATION = "language.json";

type Loaded = { readonly language?: LanguageDeclaration; readonly faults: readonly string[] };

const loadOne = async (languagesFolder: string, folder: string): Promise<Loaded> => {
  const at = `${folder}/${DECLARATION}`;
  let given: unknown;
  try {
    given = JSON.parse(await readFile(join(languagesFolder, folder, DECLARATION), "utf8"));
  } catch (error) {
    return { faults: [`${at}: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const parsed = DeclarationSchema.safeParse(given);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map((issue) => `${at}: ${issue.path.join(".")}: ${issue.message}`) };
  }
  const faults = faultsOf(parsed.data, folder).map((fault) => `${at}: ${fault}`);
  try {
    const sampleContent = await readFile(join(languagesFolder, folder, parsed.data.sample), "utf8");
    return { language: { ...parsed.data, sampleContent }, faults };
  } catch {
    return { faults: [...faults, `${at}: there is no sample file "${parsed.data.sample}"`] };
  }
};

const takenTwice = (languages: readonly LanguageDeclaration[]): string[] => {
  const names = new Map<string, string>();
  const faults: string[] = [];
  for (const { id, aliases } of languages) {
    for (const name of new Set([id, ...aliases])) {
      const other = names.get(name);
      if (other === undefined) names.set(name, id);
      else faults.push(`${id}/${DECLARATION}: the name "${name}" is ${other}'s already`);
    }
  }
  return faults;
};

/**
 * Every language below the folder, in their order. Folders without a declaration (`images`) are no languages.
 * @throws LanguageFault with every fault of every folder.
 */
export const loadLanguages = async (languagesFolder: string): Promise<LanguageDeclaration[]> => {
  const entries = await readdir(languagesFolder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "images").map((entry) => entry.name);
  const loaded = await Promise.all(folders.toSorted().map((folder) => loadOne(languagesFolder, folder)));
  const languages = loaded.flatMap(({ language }) => (language === undefined ? [] : [language]));
  const faults = [...loaded.flatMap((one) => one.faults), ...takenTwice(languages)];
  if (languages.length === 0 && faults.length === 0) faults.push(`there is no language in ${languagesFolder}`);
  if (faults.length > 0) throw new LanguageFault(faults);
  return languages.toSorted((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
};
