// Builds one image into a new folder: the base as a whole tree, a layer as what it has beyond the base.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pinnedNode } from "../checkout.mjs";
import { run } from "../command.mjs";
import { SetupFault } from "../fault.mjs";
import { buildRootfs } from "../rootfs.mjs";
import { installPackages } from "./apt.mjs";
import { canOverlay, enterRoot } from "./enter-root.mjs";
import { addMaven } from "./maven.mjs";
import { addNpm } from "./npm-packages.mjs";
import { addPypi } from "./pypi.mjs";
import { finishLayer } from "./finish-layer.mjs";
import { createStages } from "./stages.mjs";
import { treeDigest } from "./tree-digest.mjs";
import { checkRoot } from "./check-root.mjs";

/** Stages and their shares of the time that a build takes from an empty cache. */
const layerStages = [
  ["lists", 4],
  ["download", 36],
  ["install", 36],
  ["maven", 8],
  ["npm", 8],
  ["pypi", 8],
  ["steps", 6],
  ["layer", 5],
  ["checksum", 4],
  ["check", 5],
];
const optionalStages = new Set(["maven", "npm", "pypi", "steps"]);

function addNode(rootfs) {
  const node = pinnedNode();
  if (node === undefined) throw new SetupFault("an image needs the Node that npm installs", { hint: "npm ci" });
  const target = join(rootfs, "usr", "local", "bin", "node");
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(node, target);
  chmodSync(target, 0o755);
}

function addFiles(root, files) {
  for (const [path, text] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    chmodSync(target, text.startsWith("#!") ? 0o755 : 0o644);
  }
}

/**
 * Builds a layer into `fresh`.
 * @param {object} options
 * @param {string} options.fresh an empty folder
 * @param {import("./recipe-format.mjs").Recipe} options.recipe
 * @param {string} options.base the folder of the base's build
 * @param {import("./stages.mjs").Tell} options.tell
 */
export async function buildLayer({ fresh, recipe, base, tell }) {
  const stages = createStages(
    layerStages.filter(([name]) => !optionalStages.has(name) || Object.keys(recipe[name] ?? {}).length > 0),
    tell,
  );
  const baseRoot = join(base, "rootfs");
  const upper = join(fresh, "upper");
  mkdirSync(upper, { mode: 0o755 });
  const entered = { folder: fresh, layers: [baseRoot], upper };
  if (!(await canOverlay(entered))) {
    // The whole base as a copy: what stays the same is removed at the end. Links would let a build write into the base.
    await run("cp", ["-a", "--reflink=auto", `${baseRoot}/.`, upper], { what: "copying the base" });
    entered.merged = upper;
  }
  let current;
  const packages = await installPackages({
    entered,
    statusFile: join(fresh, "dpkg-status"),
    packages: recipe.packages,
    tell: (name, share, step) => {
      if (current?.name !== name) current = { name, say: stages.begin(name, step) };
      current.say(share, step);
    },
  });
  const others = {};
  if (recipe.maven)
    Object.assign(others, await addMaven({ upper, recipe, say: stages.begin("maven", "downloading jars") }));
  if (recipe.npm)
    Object.assign(others, await addNpm({ upper, fresh, recipe, say: stages.begin("npm", "npm packages") }));
  if (recipe.pypi)
    Object.assign(others, await addPypi({ entered, recipe, say: stages.begin("pypi", "Python packages") }));
  if (recipe.node) addNode(upper);
  addFiles(upper, recipe.files ?? {});
  if (recipe.steps?.length) {
    const say = stages.begin("steps", "preparing");
    for (const [index, line] of recipe.steps.entries()) {
      say(index / recipe.steps.length);
      await enterRoot({ ...entered, line, what: `the step "${line}"` });
    }
  }
  stages.begin("layer", "making the layer");
  const layer = join(fresh, "rootfs");
  await finishLayer({ upper, base: baseRoot, layer });
  const sayFiles = stages.begin("checksum", "computing checksums");
  const size = await treeDigest(layer, (files) => sayFiles(1 - 1 / (1 + files / 5000)));
  stages.begin("check", "running its hello program");
  await checkRoot({ folder: fresh, layers: [baseRoot, layer], recipe });
  return { packages, others, over: basename(base), ...size };
}

/**
 * Builds a whole tree with mmdebstrap.
 * @param {object} options
 * @param {string} options.fresh an empty folder
 * @param {object} options.recipe
 * @param {Promise<unknown>} options.dependencies
 * @param {import("./stages.mjs").Tell} options.tell
 */
export async function buildWhole({ fresh, recipe, dependencies, tell }) {
  const stages = createStages(
    [
      ["system", 80],
      ["node", 5],
      ["checksum", 15],
    ],
    tell,
  );
  const rootfs = join(fresh, "rootfs");
  const say = stages.begin("system", "reading Debian's package lists");
  const shares = [
    [/package lists/, 0],
    [/download/, 0.15],
    [/extract|unpack/, 0.5],
    [/install|config/i, 0.7],
    [/clean/, 0.9],
  ];
  const packages = await buildRootfs({ packages: recipe.packages, variant: recipe.variant, folder: rootfs }, (line) => {
    const [, share] = shares.findLast(([pattern]) => pattern.test(line)) ?? [];
    if (share !== undefined) say(share, line);
  });
  if (recipe.node) {
    stages.begin("node", "waiting for Node");
    await dependencies;
    addNode(rootfs);
  }
  const sayFiles = stages.begin("checksum", "computing checksums");
  return { packages, ...(await treeDigest(rootfs, (files) => sayFiles(1 - 1 / (1 + files / 5000)))) };
}
