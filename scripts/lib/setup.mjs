// Everything between a fresh checkout and a server that can start: each part is skipped in milliseconds when it is done.
import { dirname, join } from "node:path";
import process from "node:process";
import { archivePackages } from "./debian.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { SetupFault, report } from "./fault.mjs";
import { ensureImage, imageFacts, imageFolder, testGuest, testServices } from "./image.mjs";
import { notice, step } from "./progress.mjs";
import { ensureSubordinateIds } from "./subordinate-ids.mjs";
import { ensurePackages, installCommand, serverPackages } from "./system-packages.mjs";
import { ensureTools, toolsAreThere, toolsFolder } from "./tools.mjs";
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

/** A step without which the editor still works, only running programs does not: its fault is shown, and setup goes on. */
export async function optionalStep(title, work) {
  try {
    await step(title, work);
    return true;
  } catch (error) {
    if (!(error instanceof SetupFault)) throw error;
    report(error);
    notice("  Going on without it: editing and saving work, running programs may not.");
    return false;
  }
}

/** What the server is told about this machine's images and tools; whatever is set already wins. */
export function serverEnvironment(env = process.env) {
  return {
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
    ATELIER_TEST_SERVICES: join(imageFolder(testServices), "rootfs"),
    ATELIER_TEST_GUEST: join(imageFolder(testGuest), "rootfs"),
    ...serverEnvironment(env),
  };
}

/** A step that reads Debian's archive: one line instead of a fault where it is known what is lacking for that. */
async function debianStep(title, { there, lacking }, work) {
  if (lacking.length === 0 || there()) return optionalStep(title, work);
  notice(`! ${title}: needs ${lacking.join(" and ")}`);
  return false;
}

/** Dependencies, packages, tools, the base image and the page, in this order. */
export async function setUp({ packages = serverPackages } = {}) {
  requireNode();
  await step("Dependencies", ensureDependencies);
  const missing = await setUpPackages(packages);
  const grant = await ensureSubordinateIds();
  if (grant !== undefined) {
    notice(
      "! This user has no user ids besides its own, and images need several. Whoever administers this machine gives some with",
    );
    notice(`    ${grant}`);
  }
  const lacking = missing.map(({ name }) => name).filter((name) => archivePackages.includes(name));
  if (grant !== undefined) lacking.push("subordinate user ids");
  await debianStep("Tools (gVisor)", { there: toolsAreThere, lacking }, ensureTools);
  const image = { there: () => imageFacts("base") !== undefined, lacking };
  await debianStep("Base language image", image, (tell) => ensureImage("base", tell));
  await step("Page", ensureWeb);
}
