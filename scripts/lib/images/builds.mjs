// Which builds of an image there are: `<images>/<name>-<recipe>` is the first, `…-2`, `…-3` are later ones of the same recipe.
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../recipe.mjs";

/**
 * What `image.json` says; it is written last.
 * @typedef {object} Facts
 * @property {string} name
 * @property {object} recipe
 * @property {string} [over] the folder's name of the base's build that a layer belongs to
 * @property {Record<string, string>} packages Debian package -> exact version; a layer's are those that the base does not have
 * @property {Record<string, string>} [others] what came from other registries: "maven group:artifact" and the like -> version
 * @property {string} [sha256] of the tree, see tree-digest.mjs
 * @property {number} [bytes] on disk
 * @property {number} [files]
 * @property {string} builtAt
 */
/** @typedef {{ folder: string, id: string, facts: Facts }} Build `id` is the folder's name */

/**
 * Complete builds in a folder of images, the newest first. A layer whose base is gone is no build.
 * @param {string} images
 * @param {string} [prefix] `<name>-<recipe>`: only builds of this recipe
 * @returns {Build[]}
 */
export function listBuilds(images, prefix) {
  if (!existsSync(images)) return [];
  const builds = readdirSync(images).flatMap((id) => {
    const recipe = /^([a-z][a-z0-9-]*-[0-9a-f]{16})(?:-\d+)?$/.exec(id)?.[1];
    if (recipe === undefined || (prefix !== undefined && recipe !== prefix)) return [];
    const text = readIfThere(join(images, id, "image.json"));
    return text === undefined ? [] : [{ id, folder: join(images, id), facts: JSON.parse(text) }];
  });
  return builds
    .filter(({ facts }) => facts.over === undefined || existsSync(join(images, facts.over, "image.json")))
    .toSorted((a, b) => b.facts.builtAt.localeCompare(a.facts.builtAt) || a.id.localeCompare(b.id));
}

/** The folder for one more build of a recipe. */
export function nextBuildFolder(images, prefix) {
  for (let number = 1; ; number += 1) {
    const folder = join(images, number === 1 ? prefix : `${prefix}-${number}`);
    if (!existsSync(folder)) return folder;
  }
}

/** Says that a build is used now: garbage collection goes by it. */
export function markUsed(folder, now = new Date()) {
  const stamp = join(folder, "used");
  writeFileSync(stamp, "");
  utimesSync(stamp, now, now);
}

/** When a build was last used, in milliseconds; one that never was counts from when it was built. */
export function lastUsedMs({ folder, facts }) {
  return statSync(join(folder, "used"), { throwIfNoEntry: false })?.mtimeMs ?? Date.parse(facts.builtAt);
}
