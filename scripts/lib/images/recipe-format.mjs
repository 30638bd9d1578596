// The format of languages/images/<name>.json, and what is wrong with a recipe.
import { SetupFault } from "../fault.mjs";

/**
 * @typedef {object} Recipe
 * @property {string} name the file's name
 * @property {string} [title] for people, "Java, Kotlin and more"; absent: the name
 * @property {"base"} [over] absent for the base itself: a layer has only what its root has beyond the base
 * @property {string} suite Debian's
 * @property {string[]} packages Debian packages; those that they need come with them
 * @property {"pinned"} [node] adds the Node that the lock file pins
 * @property {string[]} [maven] `group:artifact:version`, with everything that they need; the jars go to /usr/share/java/<name>
 * @property {Record<string, string>} [npm] package -> version, installed as global packages below /usr/local
 * @property {Record<string, string>} [pypi] package -> version, with everything that they need, for the base's Python
 * @property {Record<string, string>} [files] path -> text; a text that begins with `#!` is a program
 * @property {string[]} [steps] shell lines that run in the finished root, as root, without a network
 * @property {string[]} [check] shell lines that must succeed in the finished root before the image counts as ready, as a user
 * @property {string} [hello] the language whose hello program must run in the finished root before the image counts as ready
 * @property {boolean} [optional] large, and not built by `--all`
 */

const isText = (value) => typeof value === "string" && value !== "";
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const areIn = (pattern) => (value) =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).every(([key, one]) => pattern.test(`${key} ${one}`));

/** Property -> what it must be, and in words. */
const properties = {
  name: [(value) => /^[a-z][a-z0-9-]*$/.test(value), "small letters, digits and hyphens"],
  title: [isText, "a text"],
  over: [(value) => value === "base", '"base"'],
  suite: [isText, "a Debian suite"],
  packages: [
    (value) => isTexts(value) && value.every((one) => /^[a-z0-9][a-z0-9.+-]+$/.test(one)),
    "names of Debian packages",
  ],
  node: [(value) => value === "pinned", '"pinned"'],
  variant: [isText, "a variant of mmdebstrap"],
  maven: [
    (value) => isTexts(value) && value.every((one) => /^[\w.-]+:[\w.-]+:[\w.-]+$/.test(one)),
    "group:artifact:version",
  ],
  npm: [areIn(/^(?:@[a-z0-9._-]+\/)?[a-z0-9._-]+ \d+\.\d+\.\d+\S*$/), "packages with exact versions"],
  pypi: [areIn(/^[A-Za-z0-9._-]+ \d[\w.!+]*$/), "packages with exact versions"],
  files: [areIn(/^\/(?:(?!\.\.?\/)[^/\0]+\/)*[^/\0]+ /), "absolute paths with texts"],
  steps: [isTexts, "shell lines"],
  check: [isTexts, "shell lines"],
  hello: [(value) => /^[a-z][a-z0-9-]*$/.test(value), "a language"],
  optional: [(value) => typeof value === "boolean", "true or false"],
};

/**
 * @param {string} name the file's name without `.json`
 * @param {string} text
 * @returns {Recipe}
 */
export function parseRecipe(name, text) {
  const file = `languages/images/${name}.json`;
  let recipe;
  try {
    recipe = JSON.parse(text);
  } catch (error) {
    throw new SetupFault(`${file} is no JSON: ${error.message}`);
  }
  if (typeof recipe !== "object" || recipe === null) throw new SetupFault(`${file}: a recipe is an object`);
  const faults = Object.entries(recipe).flatMap(([key, value]) => {
    const [isRight, wanted] = Object.hasOwn(properties, key) ? properties[key] : [];
    if (isRight === undefined) return [`${key}: unknown`];
    return isRight(value) ? [] : [`${key}: must be ${wanted}`];
  });
  for (const key of ["name", "suite", "packages"]) if (recipe[key] === undefined) faults.push(`${key}: missing`);
  if (recipe.name !== undefined && recipe.name !== name) faults.push(`name: the file is ${name}.json`);
  if (recipe.over === undefined && name !== "base") faults.push('over: missing; only "base" is whole');
  if (recipe.over !== undefined && recipe.hello === undefined && !recipe.check?.length)
    faults.push("hello: missing, and there is no check");
  if (faults.length > 0) throw new SetupFault(`${file}: ${faults.join("; ")}`);
  return recipe;
}
