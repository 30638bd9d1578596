// The setup of a fresh checkout: each step takes milliseconds when it is done already.
import { dirname, join } from "node:path";
import process from "node:process";
import { areCommandsStopping, stopCommands } from "./command.mjs";
import { archivePackages } from "./debian.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { faultText, SetupFault } from "./fault.mjs";
import { asLine, ensureImage, imageFacts, imageFolder, testGuest, testServices } from "./image.mjs";
import { checkout } from "./checkout.mjs";
import { notice, step } from "./progress.mjs";
import { createSetupState } from "./setup-state.mjs";
import { ensureSubordinateIds } from "./subordinate-ids.mjs";
import { ensurePackages, installCommand, serverPackages } from "./system-packages.mjs";
import { ensureTools, smallToolsFolder, toolsAreThere, toolsFolder } from "./tools.mjs";
import { ensureWeb } from "./web.mjs";

/** Refuses a Node that is too old for this setup; the server itself runs on the pinned one. */
export function requireNode() {
  if (Number(process.versions.node.split(".")[0]) >= 20) return;
  throw new SetupFault(`Node ${process.versions.node} is too old`, { hint: "Install Node 20 or newer." });
}

/**
 * Installs the missing ones of `packages` if this user may; otherwise prints them with the command that an administrator can use.
 * Returns the packages that are still missing.
 */
export async function setUpPackages(packages) {
  let missing = [];
  let complaints = [];
  await step("System packages", async (tell) => {
    const result = await ensurePackages(packages, tell);
    ({ missing, complaints } = result);
    const done = result.installed.length > 0 ? `installed ${result.installed.map(({ name }) => name).join(", ")}` : "";
    if (missing.length === 0) return done || "all there";
    return { butOnly: `${done === "" ? "" : `${done}; `}${missing.length} missing` };
  });
  if (missing.length === 0) return missing;
  const width = Math.max(...missing.map(({ name }) => name.length));
  for (const { name, why } of missing) notice(`    ${name.padEnd(width)}  ${why}`);
  if (complaints.length > 0) notice("  apt-get could not install them:");
  for (const complaint of complaints) notice(`    ${complaint}`);
  notice("  An administrator of this machine can install them with");
  notice(`    ${installCommand(missing)}`);
  return missing;
}

/**
 * Runs a step that only running programs needs: when it fails, its fault is shown and the setup continues.
 * @param {string} title
 * @param {(tell: (line: string) => void) => Promise<unknown>} work
 * @param {(fault: SetupFault) => void} [onFault]
 */
export async function optionalStep(title, work, onFault) {
  try {
    await step(title, work);
    return true;
  } catch (error) {
    if (!(error instanceof SetupFault)) throw error;
    if (areCommandsStopping()) return false;
    notice(`${faultText(error)}\n  Continuing without it: editing and saving work, running programs may not.`);
    onFault?.(error);
    return false;
  }
}

/**
 * The environment of the server, with this machine's images and tools; variables that are set already have precedence. Node's compile cache
 * is among the checkout's caches: loading 800 files of TypeScript takes half the time from the second start on.
 */
export function serverEnvironment(env = process.env) {
  return {
    NODE_COMPILE_CACHE: join(checkout, "node_modules", ".cache", "atelier", "compiled"),
    IMAGES_DIR: dirname(imageFolder("base")),
    TOOLS_DIR: toolsFolder(),
    ...env,
  };
}

/** The environment of tests and benchmarks. */
export function testEnvironment(env = process.env) {
  return {
    ATELIER_TEST_IMAGE: join(imageFolder("base"), "rootfs"),
    ATELIER_TEST_TOOLS: toolsFolder(),
    ATELIER_TEST_GUEST_TOOLS: smallToolsFolder(),
    ATELIER_TEST_SERVICES: join(imageFolder(testServices), "rootfs"),
    ATELIER_TEST_GUEST: join(imageFolder(testGuest), "rootfs"),
    ...serverEnvironment(env),
  };
}

/** Prepares the tools that read Debian's archive.
 * @returns {Promise<string[]>} the names of what is missing */
async function prepareArchive(packages) {
  const missing = await setUpPackages(packages);
  const grant = await ensureSubordinateIds();
  if (grant !== undefined) {
    notice(
      "! This user has no subordinate user ids, and images need several. An administrator of this machine can assign some with",
    );
    notice(`    ${grant}`);
  }
  const lacking = missing.map(({ name }) => name).filter((name) => archivePackages.includes(name));
  return grant === undefined ? lacking : [...lacking, "subordinate user ids"];
}

/**
 * Starts all independent steps at once. `page` resolves when a server can start and show its page, and rejects with the fault that prevents
 * that; `programs` resolves when all steps that running programs needs have ended. Meanwhile `state` lists the pending ones.
 */
export function beginSetUp({ packages = serverPackages } = {}) {
  requireNode();
  const state = createSetupState();
  const dependencies = step("Dependencies", ensureDependencies);
  const page = dependencies.then(() => step("Page", ensureWeb));
  const archive = state.during("System packages", () => prepareArchive(packages));
  /** One line instead of a fault when the missing packages are known. */
  const debianStep = (title, isThere, work) =>
    state.during(title, async (onFault) => {
      const lacking = isThere() ? [] : await archive;
      if (lacking.length === 0) return optionalStep(title, work, onFault);
      return notice(`! ${title}: needs ${lacking.join(" and ")}`);
    });
  const programs = Promise.all([
    archive,
    debianStep("Tools (gVisor)", toolsAreThere, ensureTools),
    debianStep(
      "Base language image",
      () => imageFacts("base") !== undefined,
      (tell) => ensureImage("base", asLine(tell), { dependencies }),
    ),
  ]).then(() => undefined);
  // A caller that awaits one of them handles its failure; the others must not become unhandled rejections.
  for (const promise of [page, programs]) promise.catch(() => undefined);
  return { page, programs, state };
}

/** Runs the whole setup: dependencies, packages, tools, the base image and the page. */
export async function setUp(options) {
  const { page, programs } = beginSetUp(options);
  try {
    await Promise.all([page, programs]);
  } catch (error) {
    stopCommands();
    await Promise.allSettled([page, programs]);
    throw error;
  }
}
