// Recipes and stamps: digests of the inputs of a build, so that nothing is built twice and no stale result is used.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { asSetupFault } from "./fault.mjs";

/** SHA-256, hex, of text or of any JSON value with its keys in the order written. */
export function digest(value) {
  return createHash("sha256")
    .update(typeof value === "string" || value instanceof Uint8Array ? value : JSON.stringify(value))
    .digest("hex");
}

/** SHA-256 over the names and contents of files and, recursively, folders; names starting with a dot are left out. */
export function digestOf(root, paths) {
  const hash = createHash("sha256");
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    let children;
    try {
      children = readdirSync(full, { withFileTypes: true });
    } catch (error) {
      if (error.code !== "ENOTDIR") throw error;
      hash.update(`${path}\0`).update(readFileSync(full)).update("\0");
      return;
    }
    for (const child of children.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (child.name.startsWith(".") || child.name === "node_modules" || child.name === "dist") continue;
      visit(join(path, child.name));
    }
  };
  for (const path of paths) visit(path);
  return hash.digest("hex");
}

/** The text of a file, or undefined where there is none. */
export function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Writes a small file atomically: a reader sees the old or the new content. */
export function writeWhole(path, text) {
  const fresh = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw asSetupFault(error, dirname(path));
  }
}

const removeOwn = (path) => rmSync(path, { recursive: true, force: true });

/**
 * Creates `folder` by `build(temporaryFolder)` and a rename, so that it exists complete or not at all. Remains of an earlier, killed build
 * are removed first; the caller has the lock of that folder.
 * @param {string} folder
 * @param {(fresh: string) => Promise<void>} build
 * @param {{ remove?: (path: string) => void | Promise<void> }} [options]
 */
export async function buildFolder(folder, build, { remove = removeOwn } = {}) {
  const parent = dirname(folder);
  const prefix = `.building-${folder.slice(parent.length + 1)}-`;
  const fresh = join(parent, `${prefix}${process.pid}`);
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
    for (const name of readdirSync(parent)) if (name.startsWith(prefix)) await remove(join(parent, name));
    mkdirSync(fresh, { mode: 0o755 });
    await build(fresh);
    await remove(folder);
    renameSync(fresh, folder);
  } catch (error) {
    await remove(fresh);
    throw asSetupFault(error, parent);
  }
}
