// Installs the npm dependencies when node_modules differs from package-lock.json.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { run } from "./command.mjs";
import { locked } from "./lock.mjs";
import { checkout, pinnedNode } from "./checkout.mjs";
import { digest, readIfThere, writeWhole } from "./recipe.mjs";

const stamp = join(checkout, "node_modules", ".atelier-stamp");

function lockDigest() {
  return digest(readIfThere(join(checkout, "package-lock.json")) ?? "");
}

/** Whether npm's record of installed packages matches the lock file; packages for other platforms may be absent. */
function agrees() {
  const installed = readIfThere(join(checkout, "node_modules", ".package-lock.json"));
  const wanted = readIfThere(join(checkout, "package-lock.json"));
  if (!installed || !wanted) return false;
  const have = JSON.parse(installed).packages;
  return Object.entries(JSON.parse(wanted).packages).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true;
    return have[path] ? have[path].version === entry.version : entry.optional === true || entry.peer === true;
  });
}

/**
 * The readable part of a line of npm: the name of the fetched package. Warnings about the machine's Node are dropped, because the packages
 * run on the pinned one.
 * @param {string} line
 * @returns {string | undefined}
 */
export function progressOf(line) {
  if (/^npm warn/i.test(line)) return undefined;
  const path = /^npm http fetch GET 200 https?:\/\/[^/]+\/(\S+)/.exec(line)?.[1];
  return path ? `fetched ${decodeURIComponent(path).replace(/\/-\/.*/, "")}` : line;
}

/** npm 9, which Debian 13 has, removes this link together with the package of the other processor. */
function linkNode() {
  const node = pinnedNode();
  const link = join(checkout, "node_modules", ".bin", "node");
  if (node === undefined || existsSync(link)) return;
  mkdirSync(join(link, ".."), { recursive: true });
  symlinkSync(relative(join(link, ".."), node), link);
}

/** Makes node_modules match package-lock.json; returns a word for the result. */
export async function ensureDependencies(tell) {
  if (readIfThere(stamp) === lockDigest()) return "up to date";
  // Outside node_modules, which `npm ci` removes.
  return locked(join(checkout, ".atelier", "npm.lock"), { tell }, async () => {
    const wanted = lockDigest();
    if (readIfThere(stamp) === wanted) return "up to date";
    const done = agrees() ? "up to date" : "installed";
    if (done === "installed") {
      // Without npm's own settings, which this process has inherited from `npm start`.
      const env = Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^npm_(?!config_cache)/i.test(name)),
      );
      const args = ["ci", "--no-audit", "--no-fund", "--loglevel=http", "--include=dev", "--include=optional"];
      const tellProgress = (line) => {
        const progress = progressOf(line);
        if (progress !== undefined) tell(progress);
      };
      await run("npm", args, { cwd: checkout, env, tell: tellProgress, what: "npm ci" });
    }
    linkNode();
    writeWhole(stamp, wanted);
    return done;
  });
}
