/** Gathers the files that every sandbox sees read-only at /.atelier: init, the warm-up programs and their packages, the seccomp filter. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { LimitsEnforcement } from "../ports.ts";
import { mountNames } from "./mount-plan.ts";
import { encodeSeccompFilter } from "./seccomp-filter.ts";

/** Paths inside a sandbox. */
export const insidePaths = {
  init: "/.atelier/init",
  seccomp: "/.atelier/seccomp.bpf",
  warmUp: (language: string, file: string) => `/.atelier/warm-up/${language}/${file}`,
} as const;

const warmUpFile = /^warm-up(?:-[a-z]+)*\.[a-z]+$/u;

/** `languages/<id>/warm-up*.*` below the folder, as paths relative to it. */
const findWarmUps = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) =>
      readdirSync(join(folder, entry.name))
        .filter((name) => warmUpFile.test(name))
        .map((name) => join(entry.name, name)),
    )
    .toSorted();

type NpmPackage = { readonly name: string; readonly folder: string; readonly version: string };

/** Resolves a package as Node does from this file: in the nearest `node_modules` that has it. */
const findPackage = (name: string): NpmPackage | undefined => {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    const description = join(folder, "package.json");
    if (existsSync(description)) {
      const { version } = JSON.parse(readFileSync(description, "utf8")) as { version?: unknown };
      return { name, folder, version: String(version) };
    }
    if (at === dirname(at)) return undefined;
  }
};

/** Reads the declarations without a schema (the emulated machine has no npm packages); loading the languages reports mistakes. */
const declaredPackages = (file: string): string[] => {
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages?: unknown };
  return Array.isArray(packages) ? packages.filter((name) => typeof name === "string") : [];
};

/** The installed ones of the packages that languages declare for their warm-ups. */
const findPackages = (languagesFolder: string): NpmPackage[] => {
  const names = readdirSync(languagesFolder)
    .map((id) => join(languagesFolder, id, "language.json"))
    .filter((file) => existsSync(file))
    .flatMap(declaredPackages)
    .map((name) => name.replace("{arch}", process.arch));
  return [...new Set(names)].toSorted().flatMap((name) => findPackage(name) ?? []);
};

/** The native add-ons of a package: warm-ups load nothing else of it. */
const copyAddOns = ({ name, folder }: NpmPackage, target: string): void => {
  const to = join(target, "node_modules", name);
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith(".node"))) {
    copyFileSync(join(folder, file), join(to, file), constants.COPYFILE_FICLONE);
    chmodSync(join(to, file), 0o644);
  }
  for (let at = to; at !== target; at = dirname(at)) chmodSync(at, 0o755);
};

/** Files that replace those of the image, which may name the machine that built it. */
const layerFiles: Readonly<Record<string, string>> = {
  "etc/hostname": "atelier\n",
  "etc/hosts": "127.0.0.1\tlocalhost atelier\n::1\tlocalhost ip6-localhost ip6-loopback\n",
  "etc/resolv.conf": "# There is no network.\n",
};

const linkTree = (from: string, to: string): void => {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else linkSync(source, target);
  }
};

/** `layer/`: the upper layer of sandboxes whose root is an overlay; it repeats the content of /.atelier. */
const makeLayer = (folder: string): void => {
  const layer = join(folder, "layer");
  const content = `${folder}.content`;
  rmSync(content, { recursive: true, force: true });
  linkTree(folder, content);
  mkdirSync(layer);
  renameSync(content, join(layer, ".atelier"));
  for (const [path, text] of Object.entries(layerFiles)) {
    mkdirSync(dirname(join(layer, path)), { recursive: true });
    writeFileSync(join(layer, path), text, { mode: 0o644 });
    chmodSync(dirname(join(layer, path)), 0o755);
  }
  chmodSync(layer, 0o755);
};

/**
 * A folder below `stateFolder` named for its content, made once. Readable by everybody, because a
 * sandbox's user is nobody on the host.
 */
export const makeRuntimeFolder = (options: {
  readonly stateFolder: string;
  readonly initPath: string;
  readonly warmUpFolder: string;
  readonly limitsEnforcement: LimitsEnforcement;
}): string => {
  const { arch } = process;
  const filter = arch === "x64" || arch === "arm64" ? encodeSeccompFilter(arch, options.limitsEnforcement) : undefined;
  const warmUps = findWarmUps(options.warmUpFolder);
  const hash = createHash("sha256")
    .update(readFileSync(options.initPath))
    .update(filter ?? "")
    .update(JSON.stringify([layerFiles, mountNames]));
  for (const name of warmUps) hash.update(name).update(readFileSync(join(options.warmUpFolder, name)));
  const packages = findPackages(options.warmUpFolder);
  for (const { name, version } of packages) hash.update(`${name} ${version}`);
  const folder = join(options.stateFolder, `runtime-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  copyFileSync(options.initPath, join(making, "init"));
  chmodSync(join(making, "init"), 0o755);
  if (filter !== undefined) writeFileSync(join(making, "seccomp.bpf"), filter, { mode: 0o644 });
  for (const name of warmUps) {
    cpSync(join(options.warmUpFolder, name), join(making, "warm-up", name));
    chmodSync(join(making, "warm-up", name), 0o644);
  }
  for (const each of packages) copyAddOns(each, making);
  const mountPoints = ["node", "mounts", ...mountNames.map((name) => join("mounts", name))];
  for (const path of mountPoints) mkdirSync(join(making, path));
  for (const path of ["", "warm-up", ...mountPoints, ...warmUps.map((name) => join("warm-up", name, ".."))]) {
    if (existsSync(join(making, path))) chmodSync(join(making, path), 0o755);
  }
  makeLayer(making);
  try {
    renameSync(making, folder);
  } catch (error) {
    // Another process has created the same folder first.
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
};
