// Runs a shell line in a root made of layers, as root or as an ordinary user in a user namespace, in mounts of its own.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { isRoot } from "../checkout.mjs";
import { run } from "../command.mjs";
import { SetupFault } from "../fault.mjs";

const script = join(import.meta.dirname, "enter-root.sh");

/** An ordinary user's overlay keeps its marks in attributes that an ordinary user may write. */
const overlayOptions = `,index=off,metacopy=off,redirect_dir=nofollow,xino=off${isRoot ? "" : ",userxattr"}`;

/** The ids that an ordinary user has besides its own become those of the namespace. */
const asRootOfNamespace = isRoot ? [] : ["--user", "--map-root-user", "--map-auto"];

/**
 * @typedef {object} Entered
 * @property {string} folder where temporary folders are made
 * @property {readonly string[]} layers the lowest first
 * @property {string} [upper] what is written goes there; absent: nothing can be written
 * @property {string} [merged] a whole tree that is used in place of layers
 * @property {string} line
 * @property {boolean} [network] default false
 * @property {readonly { source: string, target: string }[]} [binds] folders and files of this machine; the target exists in the root
 * @property {Readonly<Record<string, string>>} [env]
 * @property {string} [directory] working directory inside
 * @property {number} [userId] who runs the line inside; absent: root
 * @property {string} what for a fault
 * @property {(line: string) => void} [tell] gets every line of output
 */

/**
 * @param {Entered} entered
 * @returns {Promise<string>} standard output
 */
export async function enterRoot({
  folder,
  layers,
  upper,
  merged,
  line,
  network = false,
  binds = [],
  env = {},
  ...more
}) {
  const { directory = "/", userId, what, tell } = more;
  const [root, work, scratch] = ["root", "work", "scratch"].map((name) => join(folder, `.${name}`));
  for (const path of [root, work]) mkdirSync(path, { recursive: true, mode: 0o755 });
  mkdirSync(scratch, { recursive: true });
  chmodSync(scratch, 0o1777);
  const settings = {
    FOLDER: folder,
    // Relative, because a mount's options are a page at most, and commas and colons in them have a meaning.
    LOWER: layers
      .map((layer) => relative(folder, layer))
      .toReversed()
      .join(":"),
    UPPER: upper === undefined ? "" : relative(folder, upper),
    WORK: relative(folder, work),
    MERGED: merged ?? "",
    ROOT: root,
    SCRATCH: scratch,
    BINDS: binds.map(({ source, target }) => `${source}\t${target}\n`).join(""),
    NETWORK: network ? "yes" : "no",
    USER_ID: userId === undefined ? "" : String(userId),
    OPTIONS: overlayOptions,
    ENVIRONMENT: Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
    DIRECTORY: directory,
    LINE: line,
  };
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", ...(network ? [] : ["--net"])];
  const args = ["--pdeathsig", "KILL", "unshare", ...asRootOfNamespace, ...namespaces, "--propagation", "private"];
  try {
    return await run("nice", ["-n", "10", "setpriv", ...args, "sh", script], {
      env: { PATH: process.env["PATH"], ...settings },
      what,
      tell,
      endsBy: "SIGKILL",
    });
  } catch (error) {
    if (!isRoot && error instanceof SetupFault && /unshare|newuidmap|newgidmap/.test(error.detail ?? ""))
      error.hint ??= "an ordinary user needs uidmap, entries in /etc/subuid and /etc/subgid, and user namespaces";
    throw error;
  } finally {
    for (const path of [root, work, scratch]) await removeTree(path);
  }
}

/** Whether an overlay can be mounted here: a kernel may have none, or none for this user, and none that is written may lie on another one.
 * @param {Pick<Entered, "folder" | "layers" | "upper">} entered */
export async function canOverlay(entered) {
  try {
    await enterRoot({ ...entered, line: "true", what: "trying an overlay" });
    return true;
  } catch (error) {
    if (error instanceof SetupFault && /^mount: /m.test(error.detail ?? "")) return false;
    throw error;
  }
}

/** Removes a folder with everything in it, also what belongs to the other ids of an ordinary user. */
export async function removeTree(path) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (isRoot || (error.code !== "EACCES" && error.code !== "EPERM" && error.code !== "ENOTEMPTY")) throw error;
    await asNamespaceRoot(["rm", "-rf", path], `removing ${path}`);
  }
}

/** Runs a program as root, or as the root of an ordinary user's namespace, whose ids it then may use.
 * @param {readonly string[]} argv
 * @param {string} what for a fault */
export function asNamespaceRoot(argv, what) {
  const [program, ...args] = isRoot ? argv : ["unshare", ...asRootOfNamespace, ...argv];
  return run(program, args, { what });
}
