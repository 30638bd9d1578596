/** Finds the built image of a recipe in the cache, and its packages; the setup scripts build images. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

export type Image = {
  /** Root file system folder of a base; of a layer, what its root has beyond its base. */
  readonly root: string;
  /** The folders whose overlay is the image's root, the lowest first: of a layer, its base's and its own. */
  readonly layers: readonly [string, ...string[]];
  /**
   * Package -> exact version, a layer's with its base's: Debian's by their names, others as `maven group:artifact`, `npm name` or
   * `pypi name`; `node` -> the version that was copied in.
   */
  readonly versions: Readonly<Record<string, string>>;
};

export interface ImageStore {
  /** The newest complete image of a recipe; undefined while there is none. @throws Error when there is no such recipe. */
  find(recipe: string): Promise<Image | undefined>;
}

export type ImageFolders = {
  /** Recipes: `<name>.json`. */
  readonly recipes: string;
  /** The cache: `<name>-<16 hex digits>/{rootfs,image.json}`, later builds of a recipe with `-2` and so on; `image.json` is written last. */
  readonly images: string;
};

const RecipeSchema = z.looseObject({ packages: z.array(z.string()), suite: z.string(), over: z.string().optional() });
const FactsSchema = z.object({
  recipe: z.looseObject({ packages: z.array(z.string()), suite: z.string(), node: z.string().nullish() }),
  packages: z.record(z.string(), z.string()),
  others: z.record(z.string(), z.string()).default({}),
  /** The folder's name of the base's build that a layer lies over. */
  over: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/u)
    .optional(),
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
    const pattern = new RegExp(`^${recipe}-[0-9a-f]{16}(?:-\\d+)?$`, "u");
    return (await readdir(images)).filter((name) => pattern.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/** What the builder adds to a recipe, or replaces in it. */
const ADDED: ReadonlySet<string> = new Set(["node", "processor", "layout"]);

const written = (recipe: object): object =>
  Object.fromEntries(Object.entries(recipe).filter(([property]) => !ADDED.has(property)));

export const createImageStore = (folders: ImageFolders): ImageStore => ({
  async find(name) {
    const recipe = RecipeSchema.parse(JSON.parse(await readFile(join(folders.recipes, `${name}.json`), "utf8")));
    const serves = (facts: Facts, folder: string): boolean =>
      new RegExp(`^${name}-${facts.digest}(?:-\\d+)?$`, "u").test(folder) &&
      isDeepStrictEqual(written(facts.recipe), written(recipe)) &&
      (facts.over === undefined) === (recipe.over === undefined);
    const found: { root: string; facts: Facts; base: { root: string; facts: Facts } | undefined }[] = [];
    for (const folder of await foldersOf(folders.images, name)) {
      const facts = await readFacts(join(folders.images, folder));
      if (facts === undefined || !serves(facts, folder)) continue;
      const root = join(folders.images, folder, "rootfs");
      if (facts.over === undefined) found.push({ root, facts, base: undefined });
      else {
        const baseFacts = await readFacts(join(folders.images, facts.over));
        const baseRoot = join(folders.images, facts.over, "rootfs");
        if (baseFacts !== undefined) found.push({ root, facts, base: { root: baseRoot, facts: baseFacts } });
      }
    }
    const newest = found.toSorted((a, b) => b.facts.builtAt.localeCompare(a.facts.builtAt))[0];
    if (newest === undefined) return undefined;
    const { root, facts, base } = newest;
    const node = facts.recipe.node ?? base?.facts.recipe.node;
    const versions = { ...base?.facts.packages, ...facts.packages, ...facts.others, ...(node ? { node } : {}) };
    return { root, layers: base === undefined ? [root] : [base.root, root], versions };
  },
});
