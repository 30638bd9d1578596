// Makes a layer of what a build wrote over its base: only what the base does not have, and nothing that only an overlay understands.
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.mjs";
import { SetupFault } from "../fault.mjs";
import { openToAll } from "../rootfs.mjs";
import { asNamespaceRoot, removeTree } from "./enter-root.mjs";

/** What belongs to a machine and not to a layer, and records of everything that is installed: another layer's would hide them. */
const leftOut = [
  [
    "var/lib/apt",
    "var/lib/dpkg",
    "var/cache",
    "var/log",
    "var/tmp",
    "var/backups",
    "var/mail",
    "var/spool",
    "var/lib/ucf",
  ],
  ["tmp", "run", "dev", "proc", "sys", "mnt", "root", "home", "project", "boot", "media", "srv"],
  [
    "etc/ld.so.cache",
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/gshadow",
    "etc/subuid",
    "etc/subgid",
    "etc/.pwd.lock",
  ],
  ["etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-", "etc/machine-id"],
  ["etc/apt", "etc/dpkg", "etc/hosts", "etc/resolv.conf", "etc/hostname", "usr/sbin/policy-rc.d", "usr/share/man"],
].flat();

const statIfThere = (path) => lstatSync(path, { throwIfNoEntry: false });

/** Whether a file of the layer says the same as the base's at the same path. */
function isSame(ours, theirs, path, basePath) {
  if (theirs === undefined || (ours.mode & 0o170777) !== (theirs.mode & 0o170777)) return false;
  if (ours.isSymbolicLink()) return readlinkSync(path) === readlinkSync(basePath);
  return ours.isFile() && ours.size === theirs.size && readFileSync(path).equals(readFileSync(basePath));
}

/** Removes marks of an overlay and what the base has as well. Returns the removed marks' paths. */
function reduce(tree, base, path = "", marks = []) {
  for (const name of readdirSync(join(tree, path))) {
    const one = path === "" ? name : `${path}/${name}`;
    const [full, basePath] = [join(tree, one), join(base, one)];
    const ours = lstatSync(full);
    const theirs = statIfThere(basePath);
    if (ours.isDirectory()) {
      reduce(tree, base, one, marks);
      if (theirs?.isDirectory() && readdirSync(full).length === 0) rmdirSync(full);
    } else if (ours.isCharacterDevice()) {
      marks.push(one);
      rmSync(full);
    } else if (!ours.isFile() && !ours.isSymbolicLink()) rmSync(full);
    else if (isSame(ours, theirs, full, basePath)) rmSync(full);
  }
  return marks;
}

/**
 * @param {object} options
 * @param {string} options.upper what the build wrote; it is removed
 * @param {string} options.base the base's root
 * @param {string} options.layer the folder that is made
 */
export async function finishLayer({ upper, base, layer }) {
  // The other ids of an ordinary user end here, and so does whatever only the root of its namespace may remove.
  const clean = `cd "$0" && rm -rf ${leftOut.join(" ")} && chown -hR 0:0 .`;
  await asNamespaceRoot(["sh", "-c", clean, upper], "cleaning a layer");
  const hidden = reduce(upper, base);
  if (hidden.length > 0)
    throw new SetupFault(
      `a package removes files of the base, which a layer can't do: ${hidden.slice(0, 5).join(", ")}`,
    );
  // Hard links of the files in new folders: the folders' attributes (an overlay's marks) stay behind.
  mkdirSync(layer, { mode: 0o755 });
  const copying = ["--recursive", "--link", "--no-dereference", "--preserve=mode,timestamps", `${upper}/.`, layer];
  await run("cp", copying, { what: "making a layer" });
  await removeTree(upper);
  openToAll(layer);
}
