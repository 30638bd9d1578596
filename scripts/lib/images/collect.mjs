// Garbage collection of images: superseded builds first, then, above a limit, the ones that were used longest ago.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { SetupFault } from "../fault.mjs";
import { lastUsedMs, listBuilds } from "./builds.mjs";
import { removeTree } from "./enter-root.mjs";

/** A build counts as in use for so long after its stamp: a server renews it while sandboxes of it live, at least every hour. */
export const inUseMs = 2 * 3_600_000;

const defaultMaxBytes = 16 * 2 ** 30;

/** IMAGES_MAX_BYTES: how much all images together may take on disk.
 * @param {NodeJS.ProcessEnv} [env] */
export function maxBytes(env = process.env) {
  const text = env["IMAGES_MAX_BYTES"] || String(defaultMaxBytes);
  if (!/^\d+$/.test(text)) throw new SetupFault(`IMAGES_MAX_BYTES is "${text}"; it must be a whole number of bytes`);
  return Number(text);
}

/**
 * @typedef {object} Candidate
 * @property {string} id the folder's name, `<name>-<recipe>` with `-2` and so on for later builds
 * @property {string} [over] the base's build that it needs
 * @property {number} bytes
 * @property {number} usedAtMs
 * @property {string} builtAt
 */

const recipeOf = (id) => /^(.+-[0-9a-f]{16})(?:-\d+)?$/.exec(id)?.[1];

/**
 * Which builds may go. Never one in use, nor a base that a layer needs, nor the newest build of a base.
 * @param {object} options
 * @param {readonly Candidate[]} options.builds
 * @param {number} options.nowMs
 * @param {number} options.limit in bytes
 * @returns {string[]} ids, in the order of their removal
 */
export function toRemove({ builds, nowMs, limit }) {
  const left = new Map(builds.map((build) => [build.id, build]));
  const removed = [];
  const isNewest = ({ id, builtAt }) =>
    ![...left.values()].some((other) => recipeOf(other.id) === recipeOf(id) && other.builtAt > builtAt);
  const isNeeded = ({ id }) => [...left.values()].some(({ over }) => over === id);
  const mayGo = (build) => nowMs - build.usedAtMs >= inUseMs && !isNeeded(build);
  const remove = ({ id }) => {
    left.delete(id);
    removed.push(id);
  };
  const bytes = () => [...left.values()].reduce((sum, build) => sum + build.bytes, 0);
  // Layers before bases, so that a base without layers goes in the same round.
  const superseded = () => {
    const inOrder = [...left.values()].toSorted((a, b) => Number(b.over !== undefined) - Number(a.over !== undefined));
    for (const build of inOrder) if (!isNewest(build) && mayGo(build)) remove(build);
  };
  superseded();
  const oldestFirst = [...left.values()]
    .filter(({ over }) => over !== undefined)
    .toSorted((a, b) => a.usedAtMs - b.usedAtMs);
  for (const build of oldestFirst) if (bytes() > limit && mayGo(build)) remove(build);
  superseded();
  return removed;
}

/** Removes what may go; the caller has the turn. Returns the ids.
 * @param {string} images */
export async function collectGarbage(images, { nowMs = Date.now(), limit = maxBytes() } = {}) {
  const builds = listBuilds(images).filter(({ facts }) => !facts.name?.startsWith("test-"));
  const candidates = builds.map(({ id, folder, facts }) => ({
    id,
    over: facts.over,
    bytes: facts.bytes ?? 0,
    usedAtMs: lastUsedMs({ folder, facts }),
    builtAt: facts.builtAt,
  }));
  const ids = toRemove({ builds: candidates, nowMs, limit });
  for (const id of ids) await removeBuild(builds.find((build) => build.id === id).folder);
  return ids;
}

/** Downloads serve builds that are tried again, and other layers with the same packages, for so long. */
const downloadsKeptMs = 24 * 3_600_000;

/** Removes downloads that came in longer ago; the caller has the turn.
 * @param {string} folder
 * @param {number} [nowMs] */
export function removeOldDownloads(folder, nowMs = Date.now()) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    // When it came in: apt and others set a file's own time to the server's.
    const isOld =
      entry.isFile() && nowMs - (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? nowMs) > downloadsKeptMs;
    if (isOld && /\.(?:deb|jar|whl|part)$/.test(entry.name)) rmSync(path, { force: true });
  }
}

/** Removes a build so that no half of it looks complete. */
export async function removeBuild(folder) {
  await removeTree(`${folder}/image.json`);
  await removeTree(folder);
}
