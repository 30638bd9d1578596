// Builds a root file system from a recipe with mmdebstrap, as root or as an ordinary user.
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { writeDebianTar } from "./debian.mjs";

/** Manuals and translations are left out; licences are kept. */
const leftOut = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/info/*",
  "/usr/share/locale/*",
  "/usr/share/lintian/*",
  "/usr/share/bash-completion/*",
];
const kept = ["/usr/share/doc/*/copyright"];

/** Folders that must exist with these modes; a tar extracted by an ordinary user loses some. */
const folders = { dev: 0o755, proc: 0o555, sys: 0o555, tmp: 0o1777, run: 0o755, project: 0o755, root: 0o755 };

/** Replace the files with names of the building machine, which mmdebstrap copies. */
const neutralFiles = {
  "etc/hostname": "atelier\n",
  "etc/hosts": "127.0.0.1\tlocalhost atelier\n::1\tlocalhost ip6-localhost ip6-loopback\n",
  "etc/resolv.conf": "# There is no network.\n",
};

function writeNeutralFiles(rootfs) {
  for (const [path, text] of Object.entries(neutralFiles)) {
    rmSync(join(rootfs, path), { force: true });
    writeFileSync(join(rootfs, path), text, { mode: 0o644 });
  }
  rmSync(join(rootfs, "etc", "machine-id"), { force: true });
}

/** The file in which mmdebstrap lists the unpacked packages of the variant `extract`. */
const unpackedList = "unpacked-packages.txt";

/** The unpacked packages with their exact versions, from their archives' names: `name_version_processor.deb`. */
function unpackedVersions(rootfs) {
  const list = join(rootfs, unpackedList);
  const names = readFileSync(list, "utf8").split("\n");
  rmSync(list);
  const entries = names.filter((name) => name.endsWith(".deb")).map((name) => name.split("_"));
  return Object.fromEntries(entries.map(([name, version]) => [name, decodeURIComponent(version)]));
}

/** Installed packages with their exact versions, from dpkg's own record.
 * @param {string} status
 * @returns {Record<string, string>} */
export function installedVersions(status) {
  const versions = {};
  for (const entry of status.split("\n\n")) {
    const name = /^Package: (.+)$/m.exec(entry)?.[1];
    const version = /^Version: (.+)$/m.exec(entry)?.[1];
    if (name && version && /^Status: .* installed$/m.test(entry)) versions[name] = version;
  }
  return versions;
}

/** Makes every file readable and every folder accessible for all, because sandboxes run as other users. */
export function openToAll(path) {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  const mode = stat.mode & 0o7777;
  // No setuid or setgid either: a sandbox has no use for it.
  const wanted = (mode & ~0o6000) | 0o444 | (stat.isDirectory() || mode & 0o111 ? 0o111 : 0);
  if (mode !== wanted) chmodSync(path, wanted);
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
}

/**
 * Builds Debian with `packages` into `folder` (which must not exist or be empty). As root mmdebstrap writes there
 * itself; for an ordinary user it writes a tar in a user namespace, which is unpacked as this user, without device nodes. With
 * `variant` "extract" it contains only the packages' files: no package is configured, so a kernel package creates no initrd.
 * Returns name -> exact version of every package in it.
 */
export async function buildRootfs({ packages, variant = "minbase", folder }, tell) {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const tar = `${folder}.tar`;
  const options = [
    ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...kept.map((pattern) => `--dpkgopt=path-include=${pattern}`),
    ...(variant === "extract" ? [`--extract-hook=ls "$1/var/cache/apt/archives" >"$1/${unpackedList}"`] : []),
  ];
  const what = "building the image with mmdebstrap";
  try {
    await writeDebianTar({ variant, packages, tar, options, what }, tell);
    tell("unpacking");
    await run("tar", ["--extract", "--file", tar, "--directory", folder, "--no-same-owner", "--exclude=./dev/*"], {
      what: "unpacking the image",
    });
  } finally {
    rmSync(tar, { force: true });
  }
  for (const [name, mode] of Object.entries(folders)) {
    mkdirSync(join(folder, name), { recursive: true });
    chmodSync(join(folder, name), mode);
  }
  if (existsSync(join(folder, "dev")))
    for (const name of readdirSync(join(folder, "dev"))) rmSync(join(folder, "dev", name), { recursive: true });
  if (variant !== "extract") writeNeutralFiles(folder);
  openToAll(folder);
  chmodSync(join(folder, "tmp"), 0o1777);
  return variant === "extract"
    ? unpackedVersions(folder)
    : installedVersions(readFileSync(join(folder, "var/lib/dpkg/status"), "utf8"));
}
