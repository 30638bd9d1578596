// Installs Debian packages over a base image with the base's own apt, and tells its progress.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { cacheFolder } from "../checkout.mjs";
import { plainSources } from "../debian.mjs";
import { SetupFault } from "../fault.mjs";
import { installedVersions } from "../rootfs.mjs";
import { locked } from "../lock.mjs";
import { enterRoot } from "./enter-root.mjs";

/** The base is older than the archive: a package wants a newer version of one of the base's. */
export class BaseOutdated extends SetupFault {}

/** Downloaded packages stay here, whole and partly, so that a build that was ended continues. */
export function packageCache() {
  return join(cacheFolder(), "downloads", "debian");
}

/**
 * What apt says on its status descriptor, as a share of downloading or of installing.
 * @param {string} line
 * @returns {{ stage: "download" | "install", share: number, step: string } | undefined}
 */
export function aptStatus(line) {
  const [, kind, item, percent, text = ""] = /^(dlstatus|pmstatus):([^:]*(?::\w+)?):([\d.]+):(.*)$/.exec(line) ?? [];
  if (kind === undefined) return undefined;
  const share = Number(percent) / 100;
  if (kind === "dlstatus")
    return { stage: "download", share, step: `downloading (${text.replace(/^Retrieving /, "")})` };
  if (item === "dpkg-exec") return { stage: "install", share, step: "unpacking packages" };
  const verb = /^(?:Unpacking|Installing|Preparing (?!to configure))/.test(text) ? "unpacking" : "setting up";
  return { stage: "install", share, step: `${verb} ${item.split(":")[0]}` };
}

/** The proxies in this process's environment. */
function proxySettings() {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** The packages of a base are never changed in a layer: layers that lie over one base fit each other. */
const keepBase = "Package: *\nPin: release a=now\nPin-Priority: 1001\n";

const aptOptions = [
  "APT::Sandbox::User=root",
  "APT::Status-Fd=3",
  "APT::Install-Recommends=false",
  "Acquire::Languages=none",
  "Acquire::Retries=3",
  "APT::Keep-Downloaded-Packages=true",
  "Binary::apt::APT::Keep-Downloaded-Packages=true",
  "DPkg::Options::=--force-unsafe-io",
  "DPkg::Options::=--force-confdef",
]
  .map((option) => `-o ${option}`)
  .join(" ");

/** Runs `work` while nobody else uses the downloads' folders: several folders of images share them.
 * @template T
 * @param {() => Promise<T>} work */
function withArchive(work) {
  return locked(join(cacheFolder(), "downloads", "debian.lock"), { tell: () => undefined }, work);
}

/** Binds of the downloads' folders and of one for files that go in and out, which is /mnt inside. */
function archiveBinds(control) {
  const lists = join(cacheFolder(), "downloads", "debian-lists");
  for (const path of [packageCache(), lists]) mkdirSync(join(path, "partial"), { recursive: true });
  mkdirSync(control, { recursive: true });
  const mirror = plainSources();
  if (mirror.length > 0) writeFileSync(join(control, "sources.list"), mirror.map((line) => `${line}\n`).join(""));
  const authorities = [process.env["SSL_CERT_FILE"], "/etc/ssl/certs/ca-certificates.crt"].find(
    (path) => path !== undefined && existsSync(path),
  );
  // A mirror may speak TLS, and the base has no certificate authorities.
  if (authorities !== undefined) copyFileSync(authorities, join(control, "authorities.crt"));
  return [
    { source: packageCache(), target: "/var/cache/apt/archives" },
    { source: lists, target: "/var/lib/apt/lists" },
    { source: control, target: "/mnt" },
  ];
}

/** apt's options for what `archiveBinds` has put into /mnt. */
const archiveOptions = () =>
  [
    "-o Acquire::https::CAInfo=/mnt/authorities.crt",
    plainSources().length > 0 ? "-o Dir::Etc::SourceList=/mnt/sources.list" : "",
  ].join(" ");

const aptEnvironment = () => ({ DEBIAN_FRONTEND: "noninteractive", DEBCONF_NOWARNINGS: "yes", ...proxySettings() });

/**
 * The packages of a build of which the archive has newer versions, by a simulation in the base's root.
 * @param {object} options
 * @param {string} options.folder for temporary files
 * @param {string} options.base the base's root
 * @param {string} options.status dpkg's record of what is installed
 * @returns {Promise<string[]>}
 */
export function findUpdates(options) {
  return withArchive(() => simulate(options));
}

async function simulate({ folder, base, status }) {
  const control = join(folder, ".control");
  const binds = archiveBinds(control);
  copyFileSync(status, join(control, "status"));
  // Nothing but the lists is written; what apt wants to write besides is in /tmp.
  const state =
    "-o Dir::State::status=/mnt/status -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=true";
  const output = await enterRoot({
    folder,
    layers: [base],
    network: true,
    binds,
    env: aptEnvironment(),
    line: `apt-get -q ${aptOptions} ${archiveOptions()} update 3>&2 >&2 && apt-get -q -s ${aptOptions} ${state} dist-upgrade 3>/dev/null`,
    what: "looking for updates",
  });
  rmSync(control, { recursive: true });
  return [...output.matchAll(/^Inst (\S+) /gm)].map(([, name]) => name);
}

/**
 * Installs `packages` in the root of `entered`, whose layers are the base alone.
 * @param {object} options
 * @param {Omit<import("./enter-root.mjs").Entered, "line" | "what">} options.entered
 * @param {readonly string[]} options.packages
 * @param {string} options.statusFile gets dpkg's record of everything that is installed afterwards, for `findUpdates`
 * @param {(stage: "lists" | "download" | "install", share: number, step: string) => void} options.tell
 * @returns {Promise<Record<string, string>>} the installed packages that the base does not have, with their exact versions
 */
export function installPackages(options) {
  return withArchive(() => install(options));
}

async function install({ entered, packages, statusFile, tell }) {
  const control = join(entered.folder, ".control");
  const network = { ...entered, network: true, binds: archiveBinds(control), env: aptEnvironment() };
  writeFileSync(join(control, "preferences"), keepBase);
  tell("lists", 0, "reading Debian's package lists");
  await enterRoot({
    ...network,
    line: `apt-get -q ${aptOptions} ${archiveOptions()} update 3>&1 >&2 && cp /var/lib/dpkg/status /mnt/before`,
    what: "reading Debian's package lists",
  });
  const pinned = `apt-get -q -y ${aptOptions} ${archiveOptions()} -o Dir::Etc::Preferences=/mnt/preferences install ${["apt", ...packages].join(" ")}`;
  // No service starts; some packages want to link their manuals, which are not there.
  const prepare =
    "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && mkdir -p /usr/share/man/man1";
  tell("download", 0, "downloading packages");
  try {
    await enterRoot({
      ...network,
      // Apt makes its status descriptor non-blocking; what scripts write to must not be the same pipe.
      line: `${prepare} && ${pinned} 3>&1 >&2 && cp /var/lib/dpkg/status /mnt/after`,
      what: "installing Debian packages",
      tell: (line) => {
        const status = aptStatus(line);
        if (status) tell(status.stage, status.share, status.step);
      },
    });
  } catch (error) {
    if (/unmet dependencies|held broken packages|Unable to satisfy dependencies/i.test(error.detail ?? ""))
      throw new BaseOutdated("the packages do not fit the base image", { detail: error.detail });
    throw error;
  }
  const before = installedVersions(readFileSync(join(control, "before"), "utf8"));
  const after = installedVersions(readFileSync(join(control, "after"), "utf8"));
  copyFileSync(join(control, "after"), statusFile);
  rmSync(control, { recursive: true });
  return Object.fromEntries(Object.entries(after).filter(([name, version]) => before[name] !== version));
}
