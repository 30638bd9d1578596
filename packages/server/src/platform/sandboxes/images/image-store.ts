/** Finds the built image of a recipe in the cache, and its packages; the setup scripts build images. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

export type Image = {
  /** Root file system folder. */
  readonly root: string;
  /** Debian package -> version as installed; `node` -> the version that was copied in. */
  readonly versions: Readonly<Record<string, string>>;
};

export interface ImageStore {
  /** The newest complete image of a recipe; undefined while there is none. @throws Error when there is no such recipe. */
  find(recipe: string): Promise<Image | undefined>;
}

export type ImageFolders = {
  /** Recipes: `<name>.json`. */
  readonly recipes: string;
  /** The cache: `<name>-<16 hex digits>/{rootfs,image.json}`; `image.json` is written last. */
  readonly images: string;
};

const RecipeSchema = z.looseObject({ packages: z.array(z.string()), suite: z.string() });
const FactsSchema = z.object({
  recipe: z.looseObject({ packages: z.array(z.string()), suite: z.string(), node: z.string().nullish() }),
  packages: z.record(z.string(), z.string()),
  builtAt: z.iso.datetime(),
});
/** With the digest of the recipe's text, because parsing may change the order of keys. */
type Facts = z.infer<typeof FactsSchema> & { readonly digest: string };

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const digestOf = (recipe: object): string =>
  createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);

const readFacts = async (folder: string): Promise<Facts | undefined> => {
  try {
    const given: unknown = JSON.parse(await readFile(join(folder, "image.json"), "utf8"));
    const { recipe } = z.object({ recipe: z.custom<object>((value) => typeof value === "object") }).parse(given);
    return { ...FactsSchema.parse(given), digest: digestOf(recipe) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const foldersOf = async (images: string, recipe: string): Promise<string[]> => {
  try {
    const pattern = new RegExp(`^${recipe}-[0-9a-f]{16}$`, "u");
    return (await readdir(images)).filter((name) => pattern.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

export const createImageStore = (folders: ImageFolders): ImageStore => ({
  async find(name) {
    const recipe = RecipeSchema.parse(JSON.parse(await readFile(join(folders.recipes, `${name}.json`), "utf8")));
    const serves = (facts: Facts, folder: string): boolean =>
      folder === `${name}-${facts.digest}` &&
      facts.recipe.suite === recipe.suite &&
      isDeepStrictEqual(facts.recipe.packages, recipe.packages);
    const found: { root: string; facts: Facts }[] = [];
    for (const folder of await foldersOf(folders.images, name)) {
      const facts = await readFacts(join(folders.images, folder));
      if (facts !== undefined && serves(facts, folder))
        found.push({ root: join(folders.images, folder, "rootfs"), facts });
    }
    const newest = found.toSorted((a, b) => (a.facts.builtAt < b.facts.builtAt ? 1 : -1))[0];
    if (newest === undefined) return undefined;
    const { node } = newest.facts.recipe;
    return { root: newest.root, versions: { ...newest.facts.packages, ...(node ? { node } : {}) } };
  },
});
