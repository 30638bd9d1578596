// Wheels from a Python index, by the list of a recipe: nothing is resolved, and each is checked against the index's SHA-256.
import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { pinnedNode } from "../checkout.mjs";
import { run, succeeds } from "../command.mjs";
import { SetupFault } from "../fault.mjs";
import { download } from "./download.mjs";
import { enterRoot, removeTree } from "./enter-root.mjs";

const defaultIndex = "https://pypi.org/simple";

/** The index: PIP_INDEX_URL, else what this machine's pip is configured with, else PyPI. */
async function indexUrl() {
  const set = process.env["PIP_INDEX_URL"];
  if (set) return set;
  if (!(await succeeds("pip", ["config", "get", "global.index-url"]))) return defaultIndex;
  return (await run("pip", ["config", "get", "global.index-url"])).trim();
}

/** How well a wheel's tags fit the base's Python: 0 not at all. */
export function wheelFits(name, { python, processor }) {
  const [, interpreter, abi, platform] = /^.+?-[^-]+(?:-\d[^-]*)?-([^-]+)-([^-]+)-([^-]+)\.whl$/.exec(name) ?? [];
  if (interpreter === undefined) return 0;
  const tag = `cp${python.replace(".", "")}`;
  const machine = { x64: "x86_64", arm64: "aarch64" }[processor];
  const isPure = platform === "any";
  const isForMachine = new RegExp(`(?:^|\\.)(?:manylinux\\w*|linux)_${machine}(?:$|\\.)`).test(platform);
  if (!isPure && !isForMachine) return 0;
  if (abi === tag) return 4;
  if (abi === "abi3") return 3;
  return abi === "none" && (/(?:^|\.)py3(?:$|\.)/.test(interpreter) || interpreter === tag) ? (isPure ? 1 : 2) : 0;
}

/** What a simple index says about a project: the best wheel of a version. */
async function findWheel(index, name, version, fit) {
  const url = `${index.replace(/\/$/, "")}/${name.toLowerCase().replaceAll(/[-_.]+/g, "-")}/`;
  const script = `const r = await fetch(process.argv[1], { headers: { accept: "application/vnd.pypi.simple.v1+json" } });
    if (!r.ok) throw new Error(process.argv[1] + ": " + r.status); process.stdout.write(await r.text());`;
  const argv = ["--input-type=module", "--eval", script, url];
  const env = { ...process.env, NODE_USE_ENV_PROXY: "1" };
  const text = await run(pinnedNode() ?? process.execPath, argv, { env, what: `asking the index for ${name}` });
  const files = JSON.parse(text).files.filter(({ filename }) => filename.split("-")[1] === version);
  const ranked = files
    .map((file) => ({ file, rank: wheelFits(file.filename, fit) }))
    .toSorted((a, b) => b.rank - a.rank);
  const best = ranked[0];
  if (best === undefined || best.rank === 0) throw new SetupFault(`${name} ${version} has no wheel for this machine`);
  return {
    url: new URL(best.file.url, url).href,
    path: `pypi/${best.file.filename}`,
    checksum: { algorithm: "sha256", encoding: "hex", value: best.file.hashes.sha256 },
  };
}

/** @returns {Promise<Record<string, string>>} what was added */
export async function addPypi({ entered, recipe, say }) {
  const python = (
    await enterRoot({
      ...entered,
      line: "python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'",
      what: "python3",
    })
  ).trim();
  const index = await indexUrl();
  const fit = { python, processor: process.arch };
  const wanted = [];
  for (const [name, version] of Object.entries(recipe.pypi)) wanted.push(await findWheel(index, name, version, fit));
  const files = await download(wanted, say);
  const wheels = join(entered.folder, ".wheels");
  mkdirSync(wheels);
  for (const file of files) copyFileSync(file, join(wheels, basename(file)));
  copyFileSync(join(import.meta.dirname, "install-wheels.py"), join(wheels, "install-wheels.py"));
  const site = `/usr/local/lib/python${python}/dist-packages`;
  const names = files.map((file) => `'/mnt/${basename(file)}'`).join(" ");
  await enterRoot({
    ...entered,
    binds: [{ source: wheels, target: "/mnt" }],
    line: `python3 /mnt/install-wheels.py ${site} ${names}`,
    what: "unpacking wheels",
  });
  await removeTree(wheels);
  return Object.fromEntries(Object.entries(recipe.pypi).map(([name, version]) => [`pypi ${name}`, version]));
}
