// One checksum for a whole tree: of a list with every path, its kind, its permissions and its content.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

/** Every path below a folder, sorted by its bytes, without the folder itself. */
function* pathsOf(root, folder = "") {
  for (const name of readdirSync(join(root, folder)).toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )) {
    const path = folder === "" ? name : `${folder}/${name}`;
    yield path;
    if (lstatSync(join(root, path)).isDirectory()) yield* pathsOf(root, path);
  }
}

function describe(full) {
  const stat = lstatSync(full);
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isSymbolicLink()) return { line: `link ${readlinkSync(full)}`, stat };
  if (stat.isDirectory()) return { line: `folder ${mode}`, stat };
  return { line: `file ${mode} ${createHash("sha256").update(readFileSync(full)).digest("hex")}`, stat };
}

/**
 * @param {string} root
 * @param {(files: number) => void} [tell]
 * @returns {Promise<{ sha256: string, bytes: number, files: number }>} `bytes` as the disk counts them, linked files once
 */
export async function treeDigest(root, tell) {
  const hash = createHash("sha256");
  const seen = new Set();
  let [bytes, files] = [0, 0];
  for (const path of pathsOf(root)) {
    const { line, stat } = describe(join(root, path));
    hash.update(`${path}\0${line}\n`);
    const isAgain = stat.nlink > 1 && !stat.isDirectory() && seen.has(stat.ino);
    if (!isAgain) bytes += stat.blocks * 512;
    if (stat.nlink > 1) seen.add(stat.ino);
    files += 1;
    // A signal is heard between files.
    if (files % 100 === 0) {
      tell?.(files);
      await setImmediate();
    }
  }
  return { sha256: hash.digest("hex"), bytes, files };
}
