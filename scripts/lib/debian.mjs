// Debian's archive, read through mmdebstrap, so that the host's sources and packages stay as they are.
import { tmpdir } from "node:os";
import process from "node:process";
import { run } from "./command.mjs";
import { SetupFault } from "./fault.mjs";
import { isRoot } from "./checkout.mjs";
import { installCommand, missingPackages, serverPackages } from "./system-packages.mjs";

export const suite = "trixie";
export const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The names of the system packages that are needed to read the archive. */
export const archivePackages = ["mmdebstrap", "debian-archive-keyring", ...(isRoot ? [] : ["uidmap"])];

/** Node's name of this processor -> Debian's. */
export function debianArchitecture() {
  const name = { x64: "amd64", arm64: "arm64" }[process.arch];
  if (!name) throw new SetupFault(`there are no images for the processor ${process.arch}`);
  return name;
}

/** One-line apt sources of the suite with its updates from ATELIER_DEBIAN_MIRROR; none without it: images and mmdebstrap know Debian's own. */
export function plainSources() {
  const mirror = process.env["ATELIER_DEBIAN_MIRROR"];
  if (!mirror) return [];
  return [
    `deb ${mirror} ${suite} main`,
    `deb ${mirror} ${suite}-updates main`,
    `deb ${mirror.replace(/\/$/, "")}-security ${suite}-security main`,
  ];
}

/** The same, checked with the keyring of this machine. */
function sources() {
  return plainSources().map((line) => line.replace("deb ", `deb [signed-by=${keyring}] `));
}

/** Throws a fault that names the missing packages when this machine cannot read the archive. */
function requireArchiveTools() {
  const lacking = missingPackages(serverPackages).filter(({ name }) => archivePackages.includes(name));
  if (lacking.length === 0) return;
  throw new SetupFault(`missing: ${lacking.map(({ name }) => name).join(", ")}`, { hint: installCommand(lacking) });
}

/** A line of mmdebstrap in plain words.
 * @param {string} line */
export function plainly(line) {
  return line
    .replace(/^[IW]: /, "")
    .replace("running apt-get update", "reading Debian's package lists")
    .replace("extracting archives", "unpacking packages")
    .replace(" inside the chroot", "")
    .replace(/\.\.\.$/, "");
}

/**
 * Writes a tar of the suite's `packages` with mmdebstrap, as root or out of a user namespace. `variant` is mmdebstrap's:
 * `minbase` is a system, `extract` only the packages' files.
 */
export async function writeDebianTar({ variant, packages, tar, options = [], what }, tell) {
  requireArchiveTools();
  const args = [
    `--architectures=${debianArchitecture()}`,
    `--variant=${variant}`,
    `--mode=${isRoot ? "root" : "unshare"}`,
    `--keyring=${keyring}`,
    `--include=${packages.join(",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
    ...options,
    suite,
    tar,
    ...sources(),
  ];
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] ?? "/", LC_ALL: "C.UTF-8", TMPDIR: tmpdir() };
  try {
    // With lower priority than the steps that the page needs.
    await run("nice", ["-n", "10", "mmdebstrap", ...args], { env, tell: (line) => tell(plainly(line)), what });
  } catch (error) {
    throw error instanceof SetupFault ? explained(error) : error;
  }
}

/** Replaces a failure of mmdebstrap by its cause, if that is known.
 * @param {SetupFault} fault */
export function explained(fault) {
  if (/NO_PUBKEY|EXPKEYSIG/.test(fault.detail ?? ""))
    return new SetupFault(
      `The signatures of Debian's ${suite} cannot be verified: this machine's debian-archive-keyring is older than its keys`,
      {
        hint: "Install that package from a newer release of this distribution or of Debian.",
      },
    );
  if (!isRoot && /newuidmap|newgidmap|unshare|user namespace|subuid|subgid/i.test(fault.detail ?? ""))
    fault.hint ??= "an ordinary user needs uidmap, entries in /etc/subuid and /etc/subgid, and user namespaces";
  return fault;
}
