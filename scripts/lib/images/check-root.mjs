// Runs in a finished root what its recipe promises, as a user without rights and without a network.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, projectNode } from "../checkout.mjs";
import { run } from "../command.mjs";
import { SetupFault } from "../fault.mjs";
import { readIfThere } from "../recipe.mjs";
import { asNamespaceRoot, canOverlay, enterRoot, removeTree } from "./enter-root.mjs";

/** A user of the sandbox's kind: not root, and no owner of the image's files. */
const userId = 1000;

const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * A language's commands for its hello program, as the server would start it, as shell lines.
 * @param {string} id
 * @param {string} file
 * @returns {Promise<string[]>}
 */
export async function helloLines(id, file) {
  const script = join(import.meta.dirname, "hello-commands.ts");
  const output = await run(projectNode(), [script, id, file], { what: `reading languages/${id}` });
  return JSON.parse(output).map((argv) => argv.map(quote).join(" "));
}

/**
 * The hello program of a language: `hello<extension>` in its folder, else its sample.
 * @param {string} id
 */
function helloOf(id, languages = join(checkout, "languages")) {
  const folder = join(languages, id);
  let declaration;
  try {
    declaration = JSON.parse(readFileSync(join(folder, "language.json"), "utf8"));
  } catch (error) {
    throw new SetupFault(`languages/${id}/language.json can't be read: ${error.message}`);
  }
  const own = readdirSync(folder).find((file) =>
    declaration.extensions.some((extension) => file === `hello${extension}`),
  );
  const file = own ?? declaration.sample;
  return { file, path: join(folder, file), declaration };
}

/** Where a server mounts its own files into a sandbox. */
const ofServer = "/.atelier/";

/** The languages that run on an image: an image serves several.
 * @param {string} image
 * @param {{ withoutServer?: boolean }} [options] only those whose programs need nothing that a server mounts */
export function languagesOf(image, { withoutServer = false } = {}) {
  const languages = join(checkout, "languages");
  return readdirSync(languages).filter((id) => {
    const text = readIfThere(join(languages, id, "language.json"));
    const declaration = text === undefined ? undefined : JSON.parse(text);
    if (declaration?.image !== image) return false;
    return !withoutServer || !declaration.run.some((part) => part.includes(ofServer));
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
    await asNamespaceRoot(["cp", ...args], "linking layers");
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
    const isOverlay = await canOverlay({ folder, layers });
    const merged = isOverlay ? undefined : await linkedTree(join(folder, ".merged"), layers);
    const inside = { folder, layers, merged, binds, directory: "/project", userId };
    const enter = (line, env) => enterRoot({ ...inside, env, line, what: `checking the image (${line})` });
    for (const line of recipe.check ?? []) await enter(line, {});
    for (const id of [recipe.hello ?? []].flat()) {
      const { file, path, declaration } = helloOf(id);
      copyFileSync(path, join(project, file));
      writeFileSync(join(project, ".input"), "Ada\n");
      const line = (await helloLines(id, file)).join(" && ");
      const output = await enter(`{ ${line}; } <.input`, declaration.env ?? {});
      if (output.trim() === "") throw new SetupFault(`the hello program of ${id} printed nothing`);
    }
  } finally {
    await removeTree(project);
    await removeTree(join(folder, ".merged"));
  }
}
