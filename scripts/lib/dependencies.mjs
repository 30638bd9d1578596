// The npm dependencies: installed when package-lock.json says something else than node_modules holds.
import { join } from "node:path";
import process from "node:process";
import { run } from "./command.mjs";
import { locked } from "./lock.mjs";
import { checkout } from "./places.mjs";
import { digest, readIfThere, writeWhole } from "./recipe.mjs";

const stamp = join(checkout, "node_modules", ".atelier-stamp");

function lockDigest() {
  return digest(readIfThere(join(checkout, "package-lock.json")) ?? "");
}

/** Whether what npm says it installed is what the lock file asks for; packages for other platforms may be absent. */
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

/** npm's line on a request, as the name of what it fetched. */
function shorten(line) {
  const path = /^npm http fetch GET 200 https?:\/\/[^/]+\/(\S+)/.exec(line)?.[1];
  return path ? `fetched ${decodeURIComponent(path).replace(/\/-\/.*/, "")}` : line;
}

/** Brings node_modules to what package-lock.json says; returns one word on what was done. */
export async function ensureDependencies(tell) {
  if (readIfThere(stamp) === lockDigest()) return "up to date";
  // Outside node_modules, which `npm ci` removes.
  return locked(join(checkout, ".atelier", "npm.lock"), { tell }, async () => {
    const wanted = lockDigest();
    if (readIfThere(stamp) === wanted) return "up to date";
    const done = agrees() ? "up to date" : "installed";
    if (done === "installed") {
      // npm's own settings of an enclosing `npm start` would otherwise be passed down.
      const env = Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^npm_(?!config_cache)/i.test(name)),
      );
      const args = ["ci", "--no-audit", "--no-fund", "--loglevel=http", "--include=dev", "--include=optional"];
      await run("npm", args, { cwd: checkout, env, tell: (line) => tell(shorten(line)), what: "npm ci" });
    }
    writeWhole(stamp, wanted);
    return done;
  });
}
