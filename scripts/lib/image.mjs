// Language images: read-only root file systems, built once for a recipe and shared by every checkout of this user.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { cacheFolder, checkout } from "./checkout.mjs";
import { run } from "./command.mjs";
import { BaseOutdated } from "./images/apt.mjs";
import { buildLayer, buildWhole } from "./images/build-image.mjs";
import { inTurn } from "./images/build-turn.mjs";
import { listBuilds, nextBuildFolder } from "./images/builds.mjs";
import { removeTree } from "./images/enter-root.mjs";
import { parseRecipe } from "./images/recipe-format.mjs";
import { buildFolder, digest } from "./recipe.mjs";

const recipes = join(checkout, "languages", "images");
/** Increased when the way of building changes, so that older images are not used. */
const layouts = { whole: 2, layer: 2, test: 1 };

/** Read from the lock file, so that an image can be started before the dependencies are installed. */
function pinnedNodeVersion() {
  const { packages } = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8"));
  return packages[`node_modules/node-linux-${process.arch}`]?.version;
}

/** The names of all recipes in languages/images, the base first. */
export function imageNames() {
  const names = readdirSync(recipes)
    .filter((file) => file.endsWith(".json"))
    .map((file) => basename(file, ".json"));
  return ["base", ...names.filter((name) => name !== "base").toSorted()];
}

/** Servers that only tests need live in an image of their own instead of on the developer's machine. */
export const testServices = "test-services";

/** An emulator, and the kernel and packages of the machine that it emulates for `tests/guest`. */
export const testGuest = "test-guest";

const testRecipes = { [testServices]: "services.json", [testGuest]: "guest.json" };

/** The recipe of languages/images as it is written.
 * @returns {import("./images/recipe-format.mjs").Recipe} */
export function readRecipe(name) {
  return parseRecipe(name, readFileSync(join(recipes, `${name}.json`), "utf8"));
}

/** What an image is made from; its digest is in the names of its builds' folders. */
export function imageRecipe(name) {
  const test = testRecipes[name];
  const recipe = test ? JSON.parse(readFileSync(join(checkout, "tests", "services", test), "utf8")) : readRecipe(name);
  const layout = test ? layouts.test : recipe.over ? layouts.layer : layouts.whole;
  return { ...recipe, ...(recipe.node ? { node: pinnedNodeVersion() ?? null } : {}), processor: process.arch, layout };
}

/** The folder of all images. */
export function imagesFolder() {
  return process.env["IMAGES_DIR"] ?? join(cacheFolder(), "images");
}

const prefixOf = (name) => `${name}-${digest(imageRecipe(name)).slice(0, 16)}`;

/** The complete builds of the recipe as it is now, the newest first. */
export function imageBuilds(name) {
  return listBuilds(imagesFolder(), prefixOf(name));
}

/** The newest complete build's folder, else where the first one will be; its `rootfs` is the image, or the layer. */
export function imageFolder(name) {
  return imageBuilds(name)[0]?.folder ?? join(imagesFolder(), prefixOf(name));
}

/** The facts of the newest complete build (recipe, exact package versions, time), or undefined.
 * @param {string} name
 * @returns {import("./images/builds.mjs").Facts | undefined} */
export function imageFacts(name) {
  return imageBuilds(name)[0]?.facts;
}

/** One more build of a recipe, whose base is there. */
async function buildOnce(name, tell, dependencies) {
  const recipe = imageRecipe(name);
  await buildFolder(
    nextBuildFolder(imagesFolder(), prefixOf(name)),
    async (fresh) => {
      const built = recipe.over
        ? await buildLayer({ fresh, recipe, base: imageFolder(recipe.over), tell })
        : await buildWhole({ fresh, recipe, dependencies, tell });
      // What a power failure takes must not look complete.
      await run("sync", ["--file-system", fresh], { what: "writing the image to the disk" });
      const facts = { name, recipe, ...built, builtAt: new Date().toISOString() };
      writeFileSync(join(fresh, "image.json"), `${JSON.stringify(facts, null, 2)}\n`);
    },
    { remove: removeTree },
  );
}

/** Builds an image, and its base where that is missing or older than what the layer needs. The caller has the turn. */
async function build(name, tell, dependencies) {
  const recipe = imageRecipe(name);
  const tellBase = ({ percent, step }) => tell({ percent: 0, step: `${recipe.over} (${percent} %): ${step}` });
  if (recipe.over && !imageFacts(recipe.over)) await buildOnce(recipe.over, tellBase, dependencies);
  try {
    await buildOnce(name, tell, dependencies);
  } catch (error) {
    if (!(error instanceof BaseOutdated)) throw error;
    await buildOnce(recipe.over, tellBase, dependencies);
    await buildOnce(name, tell, dependencies);
  }
}

/**
 * Builds the image unless it exists. One process builds at a time; who waits for the same image is told that one's progress.
 * @param {string} name
 * @param {import("./images/stages.mjs").Tell} tell
 * @param {object} [options]
 * @param {Promise<unknown>} [options.dependencies] installation of the dependencies, if it is under way: the steps that need them wait for it
 * @param {string} [options.olderThan] builds again what was built before this time
 */
export async function ensureImage(name, tell, { dependencies = Promise.resolve(), olderThan = "" } = {}) {
  const isThere = () => (imageFacts(name)?.builtAt ?? "") > olderThan;
  if (isThere()) return "cached";
  mkdirSync(imagesFolder(), { recursive: true, mode: 0o755 });
  return inTurn({ images: imagesFolder(), id: name, tell }, async (tellAll) => {
    if (isThere()) return "cached";
    for (const left of readdirSync(imagesFolder()).filter((entry) => entry.startsWith(".building-")))
      await removeTree(join(imagesFolder(), left));
    await build(name, tellAll, dependencies);
    return `built, ${Object.keys(imageFacts(name).packages).length} Debian packages`;
  });
}

/** `tell` for a step that shows lines.
 * @param {(line: string) => void} line */
export function asLine(line) {
  return ({ percent, step }) => line(`${percent} %, ${step}`);
}
