// The operating system's packages: missing ones are installed if this user may, otherwise named in one command.
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { findProgram, run, succeeds } from "./command.mjs";
import { SetupFault } from "./fault.mjs";
import { isRoot } from "./checkout.mjs";

/** @typedef {{ name: string, program?: string, file?: string, why: string, rootOnly?: boolean }} SystemPackage */

/** All packages of a server. `program` or `file` shows that a package is installed; `why` is printed when it is not.
 * @type {readonly SystemPackage[]} */
const everyPackage = [
  { name: "bubblewrap", program: "bwrap", why: "the namespaces tier runs programs in it" },
  { name: "mmdebstrap", program: "mmdebstrap", why: "language images are built with it" },
  { name: "squashfs-tools", program: "mksquashfs", why: "language images will be packed with it" },
  { name: "uidmap", program: "newuidmap", why: "sandboxes and images of an ordinary user need several user ids" },
  {
    name: "e2fsprogs",
    program: "mkfs.ext4",
    why: "a server started as root gives each sandbox a disk of its own",
    rootOnly: true,
  },
  {
    name: "debian-archive-keyring",
    file: "/usr/share/keyrings/debian-archive-keyring.gpg",
    why: "Debian's packages are verified with it",
  },
  { name: "ca-certificates", file: "/etc/ssl/certs/ca-certificates.crt", why: "package mirrors may be https" },
];

/** The packages of a server that this user starts.
 * @param {boolean} asRoot */
export function packagesFor(asRoot) {
  return everyPackage.filter(({ rootOnly }) => asRoot || rootOnly !== true);
}

/** @type {readonly SystemPackage[]} */
export const serverPackages = packagesFor(isRoot);

/** Additional packages of the tests: Chromium, its headless shell, and a font.
 * @type {readonly SystemPackage[]} */
export const testPackages = [
  { name: "chromium", program: "chromium", why: "the journeys and the benchmarks drive it" },
  {
    name: "chromium-headless-shell",
    program: "chromium-headless-shell",
    why: "the other browser tests take less time in it than in the complete Chromium",
  },
  {
    name: "fonts-dejavu-core",
    file: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    why: "the browser tests need a font",
  },
];

/** For the first journeys in another browser, with `npm test`. Ubuntu has Firefox only as a snap: they are skipped there.
 * @type {readonly SystemPackage[]} */
export const firefoxPackages = [
  { name: "firefox-esr", program: "firefox-esr", why: "the first journeys also run in Firefox" },
];

/** For all journeys in WebKitGTK, with `npm run test:all`.
 * @type {readonly SystemPackage[]} */
export const webkitPackages = [
  { name: "webkit2gtk-driver", program: "WebKitWebDriver", why: "the journeys also run in the engine of Safari" },
  { name: "xvfb", program: "Xvfb", why: "WebKitGTK needs a screen" },
  { name: "xdotool", program: "xdotool", why: "WebKitGTK's driver does not release the right button of a mouse" },
];

/** The ones of `packages` that this machine lacks.
 * @param {readonly SystemPackage[]} packages */
export function missingPackages(packages) {
  return packages.filter(({ program, file }) => (program ? !findProgram(program) : !existsSync(file)));
}

/** The prefix of a command for root: nothing as root, sudo if it needs no password, else undefined. */
export async function privilege() {
  if (isRoot) return [];
  if (findProgram("sudo") && (await succeeds("sudo", ["-n", "true"]))) return ["sudo", "-n"];
  return undefined;
}

/** The command for an administrator.
 * @param {readonly SystemPackage[]} packages */
export function installCommand(packages) {
  return `sudo apt-get install -y --no-install-recommends ${packages.map(({ name }) => name).join(" ")}`;
}

function listsAreThere() {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.includes("_Packages"));
  } catch {
    return false;
  }
}

/** The error lines of apt's output, each once and only the first few.
 * @param {string} output */
export function complaintsOf(output) {
  const lines = output.split("\n").filter((line) => /^(E|Err|W):/.test(line) && !line.includes("--fix-missing"));
  const errors = lines.filter((line) => !line.startsWith("W:"));
  return [...new Set(errors.length > 0 ? errors : lines)].slice(0, 4);
}

/**
 * Installs missing packages if this user may. Returns the packages that are still missing and apt's errors; the
 * caller prints them and continues.
 */
export async function ensurePackages(packages, tell) {
  const missing = missingPackages(packages);
  if (missing.length === 0) return { installed: [], missing: [], complaints: [] };
  const prefix = findProgram("apt-get") ? await privilege() : undefined;
  if (!prefix) return { installed: [], missing, complaints: [] };
  const [program, ...first] = [
    ...prefix,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "-o",
    "DPkg::Lock::Timeout=300",
  ];
  let said = "";
  const apt = async (...args) => {
    try {
      // An interruption would leave packages incompletely installed.
      await run(program, [...first, ...args], { tell, env: { ...process.env, LC_ALL: "C.UTF-8" }, isWhole: true });
      return true;
    } catch (error) {
      if (!(error instanceof SetupFault)) throw error;
      said += `${error.detail ?? error.message}\n`;
      return false;
    }
  };
  const install = (names) => apt("install", "-y", "--no-install-recommends", ...names);
  const names = missing.map(({ name }) => name);
  if (!listsAreThere() || !(await install(names))) {
    said = "";
    await apt("update");
    // One by one, because a name that this distribution lacks would prevent the installation of all.
    if (!(await install(names))) for (const name of names) await install([name]);
  }
  const still = missingPackages(packages);
  const complaints = still.length > 0 ? complaintsOf(said) : [];
  return { installed: missing.filter((one) => !still.includes(one)), missing: still, complaints };
}
