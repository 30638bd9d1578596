// `npm run atelier -- images …`: lists, builds, checks, moves and removes images.
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { areCommandsStopping, stopCommands, takeOverSignals } from "../command.mjs";
import { ensureDependencies } from "../dependencies.mjs";
import { SetupFault } from "../fault.mjs";
import { asLine, ensureImage, imageBuilds, imageNames, imagesFolder, readRecipe } from "../image.mjs";
import { notice, step } from "../progress.mjs";
import { setUpPackages } from "../setup.mjs";
import { serverPackages } from "../system-packages.mjs";
import { inTurn } from "./build-turn.mjs";
import { lastUsedMs, listBuilds } from "./builds.mjs";
import { exportImages, importImages } from "./bundle.mjs";
import { checkRoot, languagesOf } from "./check-root.mjs";
import { collectGarbage, inUseMs, removeBuild, removeOldDownloads } from "./collect.mjs";
import { downloadsFolder } from "./download.mjs";
import { removeTree } from "./enter-root.mjs";
import { treeDigest } from "./tree-digest.mjs";
import { updateImage } from "./update.mjs";

/** Exit code after a signal, as a shell gives it for SIGTERM. */
const cancelledCode = 143;

/** Progress for a parent process: one JSON object in each line of standard output.
 * @typedef {{ type: "progress", id: string, percent: number, step: string } | { type: "ready", id: string } |
 * { type: "failed", id: string, reason: string }} Line */

const writeLine = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Ends the work at a signal, or when the standard input of a starter that holds it open ends. */
function endWhenTold(untilInputEnds) {
  takeOverSignals();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stopCommands);
  if (untilInputEnds) process.stdin.resume().on("close", stopCommands);
}

/** The message, and the end of what the failed program wrote. */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  const detail = error instanceof SetupFault ? (error.detail ?? "").trim().split("\n").slice(-3).join("; ") : "";
  return detail === "" ? error.message : `${error.message}: ${detail}`;
}

/** One image with its progress, for a person or for a parent. Throws what the work throws. */
async function told(id, isJson, work) {
  if (!isJson) return step(`Image ${id}`, (tell) => work(asLine(tell)));
  try {
    await work(({ percent, step: text }) => writeLine({ type: "progress", id, percent, step: text }));
    writeLine({ type: "ready", id });
  } catch (error) {
    const reason = areCommandsStopping() ? "cancelled" : reasonOf(error);
    writeLine({ type: "failed", id, reason });
    throw error;
  }
}

/** Works on several images; one that fails does not keep the others from being worked on. */
async function eachImage(ids, isJson, work) {
  let failure;
  for (const id of ids) {
    try {
      await told(id, isJson, (tell) => work(id, tell));
    } catch (error) {
      if (areCommandsStopping()) return cancelledCode;
      if (!(error instanceof SetupFault)) throw error;
      if (failure && !isJson) notice(`atelier: ${failure.message}`);
      failure = error;
    }
  }
  if (failure && !isJson) throw failure;
  return failure ? 1 : 0;
}

/** The images that a command is about: those named, else what `others` says. */
function chosen(ids, others) {
  const names = imageNames();
  const unknown = ids.filter((id) => !names.includes(id));
  if (unknown.length > 0)
    throw new SetupFault(`${unknown.join(", ")}: no such image`, { hint: `there are: ${names.join(" ")}` });
  return ids.length > 0 ? ids : others(names);
}

const builtOnes = (names) => names.filter((name) => imageBuilds(name).length > 0);

async function prepare(isJson) {
  mkdirSync(imagesFolder(), { recursive: true, mode: 0o755 });
  if (isJson) return ensureDependencies(() => undefined);
  await step("Dependencies", ensureDependencies);
  return setUpPackages(serverPackages);
}

const inOwnTurn = (work, tell = () => undefined) => inTurn({ images: imagesFolder(), id: "", tell }, work);

async function collect(isJson) {
  const removed = await inOwnTurn(() => {
    mkdirSync(downloadsFolder(), { recursive: true });
    removeOldDownloads(downloadsFolder());
    return collectGarbage(imagesFolder());
  });
  if (removed.length > 0 && !isJson) notice(`  removed: ${removed.join(", ")}`);
}

const mib = (bytes) => (bytes === undefined ? "" : `${Math.round(bytes / 2 ** 20)} MiB`);

/** What `list` says of one recipe's image. */
function describe(name) {
  const recipe = readRecipe(name);
  const [newest, ...older] = imageBuilds(name);
  const common = {
    id: name,
    title: recipe.title ?? name,
    optional: recipe.optional === true,
    languages: languagesOf(name),
  };
  if (newest === undefined) return { ...common, state: "missing" };
  const { facts, id } = newest;
  return {
    ...common,
    state: "ready",
    build: id,
    bytes: facts.bytes,
    packages: { ...facts.packages, ...facts.others },
    builtAt: facts.builtAt,
    usedAt: new Date(lastUsedMs(newest)).toISOString(),
    olderBuilds: older.map((build) => build.id),
  };
}

const builtOf = (name) => {
  const [build] = imageBuilds(name);
  if (build === undefined)
    throw new SetupFault(`the image ${name} is not built`, { hint: `npm run atelier -- images build ${name}` });
  return build;
};

/** Runs what the recipes of images promise in one root of all of them, and the hello program of every language that they serve. */
async function runIn(names, tell) {
  const builds = names.map(builtOf);
  const bases = new Set(builds.map(({ id, facts }) => facts.over ?? id));
  if (bases.size > 1)
    throw new SetupFault("these images belong to different builds of the base", {
      hint: "npm run atelier -- images update",
    });
  const folder = mkdtempSync(join(imagesFolder(), ".verify-"));
  try {
    const layers = builds.filter(({ facts }) => facts.over !== undefined).map((build) => join(build.folder, "rootfs"));
    const root = [...[...bases].map((id) => join(imagesFolder(), id, "rootfs")), ...layers];
    for (const [index, name] of names.entries()) {
      tell({ percent: Math.floor((100 * index) / names.length), step: `running what ${name} promises` });
      await checkRoot({
        folder,
        layers: root,
        recipe: { check: readRecipe(name).check, hello: languagesOf(name, { withoutServer: true }) },
      });
    }
  } finally {
    await removeTree(folder);
  }
}

/** Checks the newest build of an image: its tree against its checksum, and what its recipe promises. */
async function verify(name, tell) {
  const { facts, folder } = builtOf(name);
  const text = "computing checksums";
  const { sha256 } = await treeDigest(join(folder, "rootfs"), (files) =>
    tell({ percent: Math.floor(80 * (1 - 1 / (1 + files / 5000))), step: text }),
  );
  if (facts.sha256 !== undefined && sha256 !== facts.sha256)
    throw new SetupFault(`the image ${name} was changed after it was built`, {
      hint: `npm run atelier -- images rm ${name}`,
    });
  await runIn([name], (progress) => tell({ ...progress, percent: 80 }));
  return facts.sha256 === undefined ? "runs; it was built before checksums were recorded" : "unchanged, runs";
}

/** Removes all builds of an image. */
async function remove(name) {
  const builds = imageBuilds(name);
  const all = listBuilds(imagesFolder());
  for (const { id, folder, facts } of builds) {
    const needing = all.filter((other) => other.facts.over === id).map((other) => other.facts.name);
    if (needing.length > 0) throw new SetupFault(`${id} is the base of ${needing.join(", ")}: remove them first`);
    if (Date.now() - lastUsedMs({ folder, facts }) < inUseMs && facts.over === undefined)
      throw new SetupFault(`${id} may be in use: it was used less than ${inUseMs / 3_600_000} hours ago`);
    await removeBuild(folder);
  }
  return builds.length === 0 ? "was not there" : "removed";
}

const actions = {
  list: async ({ isJson }) => {
    const all = imageNames().map(describe);
    if (isJson) console.log(JSON.stringify(all, null, 2));
    else {
      for (const { id, state, bytes, builtAt, languages, optional } of all) {
        const facts = [state, mib(bytes), builtAt?.slice(0, 10), optional ? "optional" : "", languages.join(" ")];
        console.log([id.padEnd(12), ...facts.filter(Boolean)].join("  "));
      }
      const total = all.reduce((sum, { bytes = 0, optional }) => sum + (optional ? 0 : bytes), 0);
      console.log(`${mib(total)} without the optional ones, in ${imagesFolder()}`);
    }
    return 0;
  },
  build: async ({ ids, isJson, flags }) => {
    const all = (names) => (flags.has("--all") ? names.filter((name) => !readRecipe(name).optional) : ["base"]);
    const names = chosen(ids, all);
    await prepare(isJson);
    const code = await eachImage(names, isJson, ensureImage);
    if (code !== cancelledCode) await collect(isJson);
    return code;
  },
  update: async ({ ids, isJson }) => {
    const names = chosen(ids, builtOnes);
    await prepare(isJson);
    const state = { startedAt: new Date().toISOString() };
    const code = await eachImage(names, isJson, (id, tell) => updateImage(id, tell, state));
    if (code !== cancelledCode) await collect(isJson);
    return code;
  },
  verify: async ({ ids, isJson, flags }) => {
    const names = chosen(ids, builtOnes);
    const code = await eachImage(names, isJson, (id, tell) => inOwnTurn(() => verify(id, tell), tell));
    if (code !== 0 || !flags.has("--together")) return code;
    return eachImage(["together"], isJson, (_, tell) => inOwnTurn(() => runIn(names, tell), tell));
  },
  rm: ({ ids, isJson }) => {
    if (ids.length === 0) throw new SetupFault("images rm: which images?", { hint });
    return eachImage(
      chosen(ids, () => []),
      isJson,
      (id) => inOwnTurn(() => remove(id)),
    );
  },
  export: async ({ ids: [file, ...ids], isJson }) => {
    if (file === undefined) throw new SetupFault("images export: into which file?", { hint });
    const builds = chosen(ids, builtOnes).map(builtOf);
    return eachImage([file], isJson, () =>
      inOwnTurn(async () => (await exportImages({ images: imagesFolder(), file, builds })).join(", ")),
    );
  },
  import: async ({ ids: [file, ...more], isJson }) => {
    if (file === undefined || more.length > 0) throw new SetupFault("images import: from which one file?", { hint });
    mkdirSync(imagesFolder(), { recursive: true, mode: 0o755 });
    return eachImage([file], isJson, (_, tell) =>
      inOwnTurn(
        async () => (await importImages({ images: imagesFolder(), file, tell })).join(", ") || "all there already",
        tell,
      ),
    );
  },
  gc: async ({ isJson }) => {
    await collect(isJson);
    return 0;
  },
};

const hint = "npm run atelier -- help";
const known = new Set(["--all", "--json", "--together", "--until-input-ends"]);

/**
 * @param {string} [action]
 * @param {...string} rest
 * @returns {Promise<number>} exit code
 */
export async function imagesCommand(action, ...rest) {
  const flags = new Set(rest.filter((word) => word.startsWith("--")));
  const ids = rest.filter((word) => !word.startsWith("--"));
  if (action === undefined || !Object.hasOwn(actions, action) || [...flags].some((flag) => !known.has(flag)))
    throw new SetupFault(`images ${[action, ...rest].join(" ")}: not a command`, { hint });
  endWhenTold(flags.has("--until-input-ends"));
  const code = await actions[action]({ ids, flags, isJson: flags.has("--json") });
  process.stdin.pause();
  return areCommandsStopping() ? cancelledCode : code;
}
