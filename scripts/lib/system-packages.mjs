// The operating system's packages: what is missing is installed where we may, else named in one copyable command.
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { findProgram, run, succeeds } from "./command.mjs";
import { SetupFault } from "./fault.mjs";
import { isRoot } from "./checkout.mjs";

/** @typedef {{ name: string, program?: string, file?: string, why: string, rootOnly?: boolean }} SystemPackage */

/** Everything a server can need. `program` or `file` shows that it is there; `why` is said when it is not.
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
    why: "Debian's packages are checked with it",
  },
  { name: "ca-certificates", file: "/etc/ssl/certs/ca-certificates.crt", why: "package mirrors may be https" },
];

/** What a server that this user starts needs.
 * @param {boolean} asRoot */
export function packagesFor(asRoot) {
  return everyPackage.filter(({ rootOnly }) => asRoot || rootOnly !== true);
}

/** @type {readonly SystemPackage[]} */
export const serverPackages = packagesFor(isRoot);

/** What the tests need besides: a real browser, its engine alone, and letters for it to draw.
 * @type {readonly SystemPackage[]} */
export const testPackages = [
  { name: "chromium", program: "chromium", why: "the journeys and the benchmarks drive it" },
  {
    name: "chromium-headless-shell",
    program: "chromium-headless-shell",
    why: "the other browser tests take less time in it than in the whole of Chromium",
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
  { name: "xvfb", program: "Xvfb", why: "WebKitGTK draws on a screen only" },
  { name: "xdotool", program: "xdotool", why: "WebKitGTK's driver does not release the right button of a mouse" },
];

/** Those of `packages` that this machine does not have.
 * @param {readonly SystemPackage[]} packages */
export function missingPackages(packages) {
  return packages.filter(({ program, file }) => (program ? !findProgram(program) : !existsSync(file)));
}

/** What a command is put behind so that root runs it: nothing as root, sudo where it asks for no password, else undefined. */
export async function privilege() {
  if (isRoot) return [];
  if (findProgram("sudo") && (await succeeds("sudo", ["-n", "true"]))) return ["sudo", "-n"];
  return undefined;
}

/** The command that a person with the right to do so can copy.
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

/** The lines of apt's output that say what went wrong, each once and the first few only.
 * @param {string} output */
export function complaintsOf(output) {
  const lines = output.split("\n").filter((line) => /^(E|Err|W):/.test(line) && !line.includes("--fix-missing"));
  const errors = lines.filter((line) => !line.startsWith("W:"));
  return [...new Set(errors.length > 0 ? errors : lines)].slice(0, 4);
}

/**
 * Installs what is missing when this user may. Returns the packages that are missing still and what apt said of it; the
 * caller says so and goes on with what works.
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
      // Interrupting it would leave packages half installed.
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
    // One name that this distribution lacks must not keep the others out.
    if (!(await install(names))) for (const name of names) await install([name]);
  }
  const still = missingPackages(packages);
  const complaints = still.length > 0 ? complaintsOf(said) : [];
  return { installed: missing.filter((one) => !still.includes(one)), missing: still, complaints };
}
