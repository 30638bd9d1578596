// Language images: read-only root file systems, built once for a recipe and shared by every checkout of this user.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { SetupFault } from "./fault.mjs";
import { locked } from "./lock.mjs";
import { cacheFolder, checkout, pinnedNode } from "./checkout.mjs";
import { buildFolder, digest, readIfThere } from "./recipe.mjs";
import { buildRootfs } from "./rootfs.mjs";

const recipes = join(checkout, "languages", "images");
/** Increased when the way of building changes, so that older images are not used; images for tests have a number of their own. */
const layouts = { language: 2, test: 1 };

/** Read from the lock file, so that an image can be started before the dependencies are installed. */
function pinnedNodeVersion() {
  const { packages } = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8"));
  return packages[`node_modules/node-linux-${process.arch}`]?.version;
}

/** The names of all recipes in languages/images. */
export function imageNames() {
  return readdirSync(recipes)
    .filter((file) => file.endsWith(".json"))
    .map((file) => basename(file, ".json"));
}

/** Servers that only tests need live in an image of their own instead of on the developer's machine. */
export const testServices = "test-services";

/** An emulator, and the kernel and packages of the machine that it emulates for `tests/guest`. */
export const testGuest = "test-guest";

const testRecipes = { [testServices]: "services.json", [testGuest]: "guest.json" };

function recipeFile(name) {
  const file = testRecipes[name];
  return file ? join(checkout, "tests", "services", file) : join(recipes, `${name}.json`);
}

/** What an image is made from; its digest names the image's folder. */
export function imageRecipe(name) {
  const recipe = JSON.parse(readFileSync(recipeFile(name), "utf8"));
  const layout = testRecipes[name] ? layouts.test : layouts.language;
  return { ...recipe, ...(recipe.node ? { node: pinnedNodeVersion() ?? null } : {}), processor: process.arch, layout };
}

/** `<cache>/images/<name>-<recipe>`; its `rootfs` is the image, its `image.json` says that it is complete. */
export function imageFolder(name) {
  return join(cacheFolder(), "images", `${name}-${digest(imageRecipe(name)).slice(0, 16)}`);
}

/** The facts of a complete image (recipe, exact package versions, time), or undefined.
 * @param {string} name
 * @returns {{ packages: Record<string, string>, builtAt: string } | undefined} */
export function imageFacts(name) {
  const text = readIfThere(join(imageFolder(name), "image.json"));
  return text === undefined ? undefined : JSON.parse(text);
}

function addNode(rootfs) {
  const node = pinnedNode();
  if (node === undefined) throw new SetupFault("an image needs the Node that npm installs", { hint: "npm ci" });
  const target = join(rootfs, "usr", "local", "bin", "node");
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(node, target);
  chmodSync(target, 0o755);
}

/**
 * Builds the image unless it exists; progress is passed to `tell`.
 * @param {string} name
 * @param {(line: string) => void} tell
 * @param {Promise<unknown>} [dependencies] installation of the dependencies, if it is under way: the steps that need them wait for it
 */
export async function ensureImage(name, tell, dependencies = Promise.resolve()) {
  const folder = imageFolder(name);
  if (imageFacts(name)) return "cached";
  return locked(join(cacheFolder(), "images", "lock"), { tell }, async () => {
    if (imageFacts(name)) return "cached";
    const recipe = imageRecipe(name);
    await buildFolder(folder, async (fresh) => {
      const rootfs = join(fresh, "rootfs");
      const packages = await buildRootfs({ packages: recipe.packages, variant: recipe.variant, folder: rootfs }, tell);
      if (recipe.node) {
        tell("waiting for Node");
        await dependencies;
        addNode(rootfs);
      }
      const facts = { name, recipe, packages, builtAt: new Date().toISOString() };
      writeFileSync(join(fresh, "image.json"), `${JSON.stringify(facts, null, 2)}\n`);
    });
    return `built, ${Object.keys(imageFacts(name).packages).length} Debian packages`;
  });
}
