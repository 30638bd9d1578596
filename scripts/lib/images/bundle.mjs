// Images in one archive, for a machine without a network: what comes in is checked before it counts.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { run } from "../command.mjs";
import { SetupFault } from "../fault.mjs";
import { digest, readIfThere, writeWhole } from "../recipe.mjs";
import { listBuilds, markUsed, nextBuildFolder } from "./builds.mjs";
import { removeTree } from "./enter-root.mjs";
import { treeDigest } from "./tree-digest.mjs";

const factsOf = (folder) => JSON.parse(readFileSync(join(folder, "image.json"), "utf8"));
const writeFacts = (folder, facts) => writeWhole(join(folder, "image.json"), `${JSON.stringify(facts, null, 2)}\n`);
const recipeOf = (id) => /^(.+-[0-9a-f]{16})(?:-\d+)?$/.exec(id)?.[1];

/** The facts of a build with its checksum; one of before checksums gets it now. */
export async function withChecksum({ folder, facts }) {
  if (facts.sha256 !== undefined) return facts;
  const whole = { ...facts, ...(await treeDigest(join(folder, "rootfs"))) };
  writeFacts(folder, whole);
  return whole;
}

/**
 * Writes builds, and the bases that they need, into an archive; the end of its name chooses the compression (`.tar`, `.tar.gz`, `.tar.zst`).
 * @param {object} options
 * @param {string} options.images
 * @param {string} options.file
 * @param {readonly import("./builds.mjs").Build[]} options.builds
 * @returns {Promise<string[]>} the ids in it
 */
export async function exportImages({ images, file, builds }) {
  const bases = listBuilds(images).filter(({ id }) => builds.some(({ facts }) => facts.over === id));
  const all = [...new Map([...bases, ...builds].map((build) => [build.id, build])).values()];
  for (const build of all) await withChecksum(build);
  const paths = all.flatMap(({ id }) =>
    ["image.json", "dpkg-status", "rootfs"]
      .filter((name) => existsSync(join(images, id, name)))
      .map((name) => `${id}/${name}`),
  );
  const args = ["--create", "--auto-compress", "--file", resolve(file), "--owner=0", "--group=0", "--numeric-owner"];
  await run("tar", [...args, "--directory", images, ...paths], { what: `writing ${file}` });
  return all.map(({ id }) => id);
}

/** What is wrong with an unpacked build, or undefined. */
async function faultOf(folder, id) {
  const text = readIfThere(join(folder, "image.json"));
  if (text === undefined) return "it is not complete";
  const facts = JSON.parse(text);
  if (!/^[a-z][a-z0-9-]*-[0-9a-f]{16}(?:-\d+)?$/.test(id)) return "its name is no image's";
  if (!id.startsWith(`${facts.name}-${digest(facts.recipe).slice(0, 16)}`)) return "its name is not that of its recipe";
  if (facts.recipe.processor !== process.arch) return `it is for the processor ${facts.recipe.processor}`;
  const { sha256 } = await treeDigest(join(folder, "rootfs"));
  return sha256 === facts.sha256 ? undefined : "its checksum is wrong";
}

/**
 * Takes the builds of an archive that are not here yet. Nothing is taken when one of them is damaged.
 * @returns {Promise<string[]>} the ids that were added
 */
export async function importImages({ images, file, tell }) {
  if (!existsSync(file)) throw new SetupFault(`${file} is not there`);
  const fresh = join(images, `.building-import-${process.pid}`);
  mkdirSync(fresh, { recursive: true, mode: 0o755 });
  try {
    tell({ percent: 0, step: "unpacking" });
    const args = ["--extract", "--file", resolve(file), "--no-same-owner", "--same-permissions", "--directory", fresh];
    await run("tar", args, { what: `unpacking ${file}` });
    const ids = readdirSync(fresh);
    for (const [index, id] of ids.entries()) {
      tell({ percent: Math.floor(50 + (50 * index) / ids.length), step: `checking ${id}` });
      const fault = await faultOf(join(fresh, id), id);
      if (fault !== undefined) throw new SetupFault(`${file}: ${id} can't be used: ${fault}`);
      const { over } = factsOf(join(fresh, id));
      if (over !== undefined && !ids.includes(over) && !existsSync(join(images, over, "image.json")))
        throw new SetupFault(`${file}: ${id} needs ${over}, which is neither there nor here`);
    }
    // A build of the same name may be another one, of another day: then the one that comes in gets the next number.
    const names = new Map();
    const added = [];
    // Bases first: their layers have to know their new names.
    const isLayer = (id) => factsOf(join(fresh, id)).over !== undefined;
    for (const id of ids.toSorted((x, y) => Number(isLayer(x)) - Number(isLayer(y)))) {
      const facts = factsOf(join(fresh, id));
      const over = names.get(facts.over) ?? facts.over;
      const here = listBuilds(images, recipeOf(id)).find(
        (build) => build.facts.sha256 === facts.sha256 && build.facts.over === over,
      );
      const folder = here?.folder ?? nextBuildFolder(images, recipeOf(id));
      names.set(id, basename(folder));
      if (here) continue;
      if (over !== facts.over) writeFacts(join(fresh, id), { ...facts, over });
      markUsed(join(fresh, id));
      renameSync(join(fresh, id), folder);
      added.push(basename(folder));
    }
    return added;
  } finally {
    await removeTree(fresh);
  }
}
