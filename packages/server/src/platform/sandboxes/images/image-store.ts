/** Finds the built image of a recipe in the cache, with its layers and packages; the setup scripts build images. */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

export type Image = {
  /** Root file system folders, the base's first. */
  readonly layers: readonly [string, ...string[]];
  /**
   * Of all layers: Debian package -> version as installed; `node` -> the version that was copied in; `maven <group>:<artifact>` and the like
   * -> version from other registries.
   */
  readonly versions: Readonly<Record<string, string>>;
  /** What the topmost layer takes on disk; null where its build did not record it. */
  readonly bytes: number | null;
};

export interface ImageStore {
  /** The newest complete image of a recipe; undefined while there is none. @throws Error when there is no such recipe. */
  find(recipe: string): Promise<Image | undefined>;
  /** Notes that an image is used now: what was used lately is not removed to save space. */
  markUsed(image: Pick<Image, "layers">): Promise<void>;
  /** Whether the recipe is for a large image that is built on request only. @throws Error when there is no such recipe. */
  isOptional(recipe: string): Promise<boolean>;
}

export type ImageFolders = {
  /** Recipes: `<name>.json`. */
  readonly recipes: string;
  /** The cache: `<name>-<16 hex digits>[-<number>]/{rootfs,image.json}`; `image.json` is written last. */
  readonly images: string;
};

const RecipeSchema = z.looseObject({
  packages: z.array(z.string()),
  suite: z.string(),
  optional: z.boolean().optional(),
});
const FactsSchema = z.object({
  recipe: z.looseObject({ packages: z.array(z.string()), suite: z.string(), node: z.string().nullish() }),
  /** The folder of the base's build that a layer belongs to. */
  over: z.string().optional(),
  packages: z.record(z.string(), z.string()),
  others: z.record(z.string(), z.string()).default({}),
  bytes: z.int().optional(),
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

const MARK_EVERY_MS = 600_000;

/** What a recipe does not say itself: the exact Node. */
const DECIDED_BY_BUILD: ReadonlySet<string> = new Set(["node"]);

const versionsOf = ({ packages, others, recipe: { node } }: Facts): Record<string, string> => ({
  ...packages,
  ...others,
  ...(node ? { node } : {}),
});

export const createImageStore = (folders: ImageFolders): ImageStore => {
  const rootOf = (build: string): string => join(folders.images, build, "rootfs");

  const toImage = async (build: string, facts: Facts): Promise<Image | undefined> => {
    const { over, bytes = null } = facts;
    if (over === undefined) return { layers: [rootOf(build)], versions: versionsOf(facts), bytes };
    const base = await readFacts(join(folders.images, over));
    if (base === undefined) return undefined;
    return { layers: [rootOf(over), rootOf(build)], versions: { ...versionsOf(base), ...versionsOf(facts) }, bytes };
  };

  const readRecipe = async (name: string): Promise<z.infer<typeof RecipeSchema>> =>
    RecipeSchema.parse(JSON.parse(await readFile(join(folders.recipes, `${name}.json`), "utf8")));
  const markedAtMs = new Map<string, number>();

  return {
    async find(name) {
      const recipe = await readRecipe(name);
      const serves = (facts: Facts, build: string): boolean =>
        build.startsWith(`${name}-${facts.digest}`) &&
        Object.entries(recipe).every(
          ([key, value]) => DECIDED_BY_BUILD.has(key) || isDeepStrictEqual(facts.recipe[key], value),
        );
      const found: { readonly build: string; readonly facts: Facts }[] = [];
      for (const build of await foldersOf(folders.images, name)) {
        const facts = await readFacts(join(folders.images, build));
        if (facts !== undefined && serves(facts, build)) found.push({ build, facts });
      }
      for (const { build, facts } of found.toSorted((a, b) => (a.facts.builtAt < b.facts.builtAt ? 1 : -1))) {
        const image = await toImage(build, facts);
        if (image !== undefined) return image;
      }
      return undefined;
    },
    async markUsed({ layers }) {
      const nowMs = Date.now();
      for (const root of layers) {
        if (nowMs - (markedAtMs.get(root) ?? 0) < MARK_EVERY_MS) continue;
        markedAtMs.set(root, nowMs);
        // Removal goes by this file's time (scripts/lib/images/builds.mjs).
        await writeFile(join(dirname(root), "used"), "").catch(() => undefined);
      }
    },
    isOptional: async (name) => (await readRecipe(name)).optional === true,
  };
};
