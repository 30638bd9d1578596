// A digest of all files of the checkout that a linter or formatter reads.
import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { SetupFault } from "./fault.mjs";

/** Files that no check of the code reads. */
const unread = /\.(?:md|png|jpg|woff2)$/;

function contentOf(path) {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : readFileSync(path);
  } catch (error) {
    // Deleted in the working tree, but still in the index.
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * SHA-256, hex, over names and contents of all files that git tracks or would track: the tools read the same ones, because they follow
 * .gitignore. Undefined outside of a git checkout.
 * @param {string} root
 * @returns {Promise<string | undefined>}
 */
export async function sourceDigest(root) {
  let listed;
  try {
    listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  } catch (error) {
    if (error instanceof SetupFault) return undefined;
    throw error;
  }
  const hash = createHash("sha256");
  for (const name of [...new Set(listed.split("\0"))].filter(Boolean).sort()) {
    if (unread.test(name)) continue;
    const content = contentOf(join(root, name));
    if (content === undefined) continue;
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
