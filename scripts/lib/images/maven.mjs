// Jars from a Maven repository, by the list of a recipe: nothing is resolved, so nothing changes by itself.
import { copyFileSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { readIfThere } from "../recipe.mjs";
import { download } from "./download.mjs";

const central = "https://repo.maven.apache.org/maven2";

/** The mirror of Maven Central in the text of a settings.xml, or undefined.
 * @param {string} settings */
export function mirrorIn(settings) {
  const text = settings.replaceAll(/<!--[\s\S]*?-->/g, "");
  for (const [, mirror] of text.matchAll(/<mirror>([\s\S]*?)<\/mirror>/g)) {
    const [, of] = /<mirrorOf>\s*([^<]*?)\s*<\/mirrorOf>/.exec(mirror) ?? [];
    const [, url] = /<url>\s*([^<]*?)\s*<\/url>/.exec(mirror) ?? [];
    const names = of?.split(",").map((name) => name.trim()) ?? [];
    if (
      url !== undefined &&
      !names.includes("!central") &&
      names.some((name) => ["central", "*", "external:*"].includes(name))
    )
      return url;
  }
  return undefined;
}

/** The repository: MAVEN_MIRROR, else the mirror of ~/.m2/settings.xml, else Maven Central. */
function repository() {
  const settings = readIfThere(join(homedir(), ".m2", "settings.xml")) ?? "";
  return (process.env["MAVEN_MIRROR"] || mirrorIn(settings) || central).replace(/\/$/, "");
}

/** The path of a jar in a repository.
 * @param {string} coordinates `group:artifact:version` */
export function jarPath(coordinates) {
  const [group, artifact, version] = coordinates.split(":");
  return `${group.replaceAll(".", "/")}/${artifact}/${version}/${artifact}-${version}.jar`;
}

/** Puts the jars of a recipe into /usr/share/java/<name>. Returns what was added with its versions. */
export async function addMaven({ upper, recipe, say }) {
  const wanted = recipe.maven.map((coordinates) => ({
    url: `${repository()}/${jarPath(coordinates)}`,
    path: `maven/${jarPath(coordinates)}`,
    checksum: { beside: ["sha256", "sha1"] },
  }));
  const folder = join(upper, "usr", "share", "java", recipe.name);
  mkdirSync(folder, { recursive: true });
  for (const path of await download(wanted, say)) copyFileSync(path, join(folder, basename(path)));
  return Object.fromEntries(
    recipe.maven.map((coordinates) => {
      const [group, artifact, version] = coordinates.split(":");
      return [`maven ${group}:${artifact}`, version];
    }),
  );
}
