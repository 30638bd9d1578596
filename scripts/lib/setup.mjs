// Everything between a fresh checkout and a server that can start: each part is skipped in milliseconds when it is done.
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

/** Refuses a Node that cannot run even this setup; the server itself runs on the pinned one. */
export function requireNode() {
  if (Number(process.versions.node.split(".")[0]) >= 20) return;
  throw new SetupFault(`Node ${process.versions.node} is too old`, { hint: "Node 20 or newer is needed to begin." });
}

/**
 * Installs what this machine lacks of `packages` where it may; says what stays missing, and with which one command
 * somebody who may can install it. Returns what is missing still.
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
  notice("  Whoever administers this machine can install them with");
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
    notice(`${faultText(error)}\n  Going on without it: editing and saving work, running programs may not.`);
    onFault?.(error);
    return false;
  }
}

/**
 * What the server is told about this machine's images and tools; whatever is set already wins. Node keeps what it has
 * compiled beside the checkout's other caches: reading 800 files of TypeScript takes half the time from the second start on.
 */
export function serverEnvironment(env = process.env) {
  return {
    NODE_COMPILE_CACHE: join(checkout, "node_modules", ".cache", "atelier", "compiled"),
    IMAGES_DIR: dirname(imageFolder("base")),
    TOOLS_DIR: toolsFolder(),
    ...env,
  };
}

/** What tests and benchmarks are told besides. */
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

/** What reads Debian's archive cannot be had without these.
 * @returns {Promise<string[]>} the names of what is missing */
async function prepareArchive(packages) {
  const missing = await setUpPackages(packages);
  const grant = await ensureSubordinateIds();
  if (grant !== undefined) {
    notice(
      "! This user has no user ids besides its own, and images need several. Whoever administers this machine gives some with",
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
