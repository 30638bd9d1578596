/** Root file systems of fresh machines: the distribution's smallest system with Node 20 or newer and npm, packed once and cached. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, run } from "../../scripts/lib/command.mjs";
import { writeDebianTar } from "../../scripts/lib/debian.mjs";
import { locked } from "../../scripts/lib/lock.mjs";
import { cacheFolder } from "../../scripts/lib/checkout.mjs";
import { digest } from "../../scripts/lib/recipe.mjs";

/** One release of Debian or Ubuntu. */
type Release = {
  readonly title: string;
  readonly ubuntu?: true;
  /** Its own Node is 20 or newer; else this machine's Node and npm are put into it, as from somewhere else. */
  readonly hasNode: boolean;
};

/** By their suites' names. */
export const releases = {
  trixie: { title: "Debian 13", hasNode: true },
  bookworm: { title: "Debian 12", hasNode: false },
  resolute: { title: "Ubuntu 26.04", hasNode: true, ubuntu: true },
  noble: { title: "Ubuntu 24.04", hasNode: false, ubuntu: true },
  jammy: { title: "Ubuntu 22.04", hasNode: false, ubuntu: true },
} as const satisfies Readonly<Record<string, Release>>;

export type Suite = keyof typeof releases;

type Tell = (line: string) => void;

/** Raised when the way of building changes. */
const layout = 1;
const folder = (): string => join(cacheFolder(), "fresh");

const packagesOf = ({ hasNode, ubuntu }: Release): string[] =>
  [
    ["ca-certificates", "git"],
    hasNode ? ["nodejs", "npm"] : ["libstdc++6"],
    ubuntu === true ? ["apt", "ubuntu-keyring"] : [],
  ].flat();

/** Ubuntu's keys, out of a package that Debian has signed. */
const ubuntuKeys = async (tell: Tell): Promise<string> => {
  const keys = join(folder(), "ubuntu-archive-keyring.gpg");
  if (existsSync(keys)) return keys;
  const tar = `${keys}.tar`;
  const what = "downloading Ubuntu's keys";
  await writeDebianTar({ variant: "extract", packages: ["ubuntu-archive-keyring"], tar, what }, tell);
  const member = "./usr/share/keyrings/ubuntu-archive-keyring.gpg";
  await run("tar", ["--extract", "--file", tar, "--directory", folder(), "--strip-components=4", member]);
  return keys;
};

const ubuntuSources = (suite: Suite): string[] =>
  ["", "-updates", "-security"].map((part) => `deb http://archive.ubuntu.com/ubuntu ${suite}${part} main universe`);

/** Path of the packed system of a release; building takes one to two minutes. */
export const ensureBase = async (suite: Suite, tell: Tell): Promise<string> => {
  const release: Release = releases[suite];
  const packages = packagesOf(release);
  const tar = join(folder(), `${suite}-${digest({ layout, packages }).slice(0, 16)}.tar`);
  mkdirSync(folder(), { recursive: true });
  return locked(join(folder(), "lock"), { tell }, async () => {
    if (existsSync(tar)) return tar;
    const ubuntu = release.ubuntu === true;
    const keys = ubuntu ? [`--keyring=${await ubuntuKeys(tell)}`] : [];
    const args = ["--variant=minbase", `--include=${packages.join(",")}`, ...keys];
    const making = `${tar}.making.tar`;
    await run("mmdebstrap", [...args, suite, making, ...(ubuntu ? ubuntuSources(suite) : [])], { tell });
    await run("mv", [making, tar]);
    return tar;
  });
};

/** This machine's Node and npm, for releases whose own are too old. */
const addNode = (root: string): void => {
  const npm = findProgram("npm");
  if (npm === undefined) throw new Error("npm is not on this machine");
  const library = join(root, "usr/local/lib/node_modules/npm");
  cpSync(dirname(dirname(realpathSync(npm))), library, { recursive: true });
  copyFileSync(process.execPath, join(root, "usr/local/bin/node"));
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"));
};

/** What this machine needs to reach registries, a fresh one in its place needs too. */
const addNetwork = (root: string): void => {
  copyFileSync("/etc/resolv.conf", join(root, "etc/resolv.conf"));
  writeFileSync(join(root, "etc/hosts"), `${readFileSync("/etc/hosts", "utf8")}\n127.0.0.1 fresh\n`);
  const authorities = "usr/local/share/ca-certificates";
  if (existsSync(join("/", authorities))) cpSync(join("/", authorities), join(root, authorities), { recursive: true });
};

/** Unpacks a release into an empty folder. */
export const unpackBase = async (suite: Suite, root: string, tell: Tell): Promise<void> => {
  const tar = await ensureBase(suite, tell);
  await run("tar", ["--extract", "--preserve-permissions", "--file", tar, "--directory", root], { tell });
  if (!releases[suite].hasNode) addNode(root);
  addNetwork(root);
};
