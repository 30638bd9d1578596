// Runs in a finished root what its recipe promises, as a user without rights and without a network.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, projectNode } from "../checkout.mjs";
import { run } from "../command.mjs";
import { SetupFault } from "../fault.mjs";
import { readIfThere } from "../recipe.mjs";
import { canOverlay, enterRoot, removeTree } from "./enter-root.mjs";

/** A user of the sandbox's kind: not root, and no owner of the image's files. */
const userId = 1000;

const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * How the server would run the hello programs of languages.
 * @param {readonly string[]} ids
 * @returns {Promise<{ id: string, file: string, path: string, commands: string[][], env: Record<string, string> }[]>}
 */
async function helloCommands(ids) {
  if (ids.length === 0) return [];
  const script = join(checkout, "scripts", "hello-commands.ts");
  return JSON.parse(await run(projectNode(), [script, ...ids], { what: "reading the languages" }));
}

/** The languages that run on an image: an image serves several.
 * @param {string} image */
export function languagesOf(image, languages = join(checkout, "languages")) {
  return readdirSync(languages).filter((id) => {
    const text = readIfThere(join(languages, id, "language.json"));
    return text !== undefined && JSON.parse(text).image === image;
  });
}

/** One tree of hard links where no overlay can be mounted: a later layer's file replaces an earlier one's. */
async function linkedTree(tree, layers) {
  mkdirSync(tree, { mode: 0o755 });
  for (const layer of layers) {
    const args = [
      "--recursive",
      "--link",
      "--no-dereference",
      "--remove-destination",
      "--preserve=mode",
      `${layer}/.`,
      tree,
    ];
    await run("cp", args, { what: "linking layers" });
  }
  return tree;
}

/**
 * @param {object} options
 * @param {string} options.folder for temporary files
 * @param {readonly string[]} options.layers roots, the lowest first
 * @param {{ check?: readonly string[], hello?: string | readonly string[] }} options.recipe what to run, `hello` by languages' ids
 */
export async function checkRoot({ folder, layers, recipe }) {
  const project = join(folder, ".project");
  await removeTree(project);
  mkdirSync(project);
  chmodSync(project, 0o777);
  try {
    const binds = [{ source: project, target: "/project" }];
    const merged = (await canOverlay({ folder, layers }))
      ? undefined
      : await linkedTree(join(folder, ".merged"), layers);
    const inside = { folder, layers, merged, binds, directory: "/project", userId };
    const enter = (line, env) => enterRoot({ ...inside, env, line, what: `checking the image (${line})` });
    for (const line of recipe.check ?? []) await enter(line, {});
    for (const { id, file, path, commands, env } of await helloCommands([recipe.hello ?? []].flat())) {
      copyFileSync(path, join(project, file));
      chmodSync(join(project, file), 0o644);
      writeFileSync(join(project, ".input"), "Ada\n");
      const line = commands.map((argv) => argv.map(quote).join(" ")).join(" && ");
      const output = await enter(`{ ${line}; } <.input`, env);
      if (output.trim() === "") throw new SetupFault(`the hello program of ${id} printed nothing`);
    }
  } finally {
    await removeTree(project);
    await removeTree(join(folder, ".merged"));
  }
}
