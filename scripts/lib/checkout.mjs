// The folders and the Node of the scripts: the checkout, the cache of images and tools, and the pinned Node.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The root folder of this checkout. */
export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const isRoot = process.getuid?.() === 0;

/** The folder for images and tools, shared by all checkouts of this user: everything in it can be rebuilt. */
export function cacheFolder(env = process.env) {
  if (env["ATELIER_CACHE_DIR"]) return env["ATELIER_CACHE_DIR"];
  if (isRoot) return "/var/cache/atelier";
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "atelier");
}

/** The Node that package-lock.json pins; undefined until the dependencies are installed or on a platform without one. */
export function pinnedNode() {
  const path = join(checkout, "node_modules", `node-linux-${process.arch}`, "bin", "node");
  return existsSync(path) ? path : undefined;
}

/** The Node that runs the server and the tests: the pinned one, else this one where it can run TypeScript itself. */
export function projectNode() {
  const pinned = pinnedNode();
  if (pinned) return pinned;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  throw new Error(`There is no bundled Node for ${process.platform} ${process.arch}: run this with Node 24 or newer.`);
}
