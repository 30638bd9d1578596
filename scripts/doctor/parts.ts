/** The parts that Atelier installs or builds: system packages, gVisor, images, the page. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { archivePackages } from "../lib/debian.mjs";
import { imageFacts, imageFolder, imageNames } from "../lib/image.mjs";
import { checkout } from "../lib/checkout.mjs";
import { buildFailure, builtIsThere } from "../lib/runsc-build.mjs";
import { installCommand, missingPackages, serverPackages } from "../lib/system-packages.mjs";
import { toolsAreThere, toolsFolder } from "../lib/tools.mjs";
import type { Finding } from "./finding.ts";

const packages = (): Finding => {
  const what = "system packages";
  const missing = missingPackages(serverPackages);
  if (missing.length === 0) return { state: "good", what, says: "all there" };
  const says = `missing: ${missing.map(({ name }) => name).join(", ")}`;
  return { state: "bad", what, says, remedy: installCommand(missing) };
};

/** The packages that are needed before `remedy` works, or `remedy` itself. */
const needs = (remedy: string): Pick<Finding, "says" | "remedy"> => {
  const first = missingPackages(serverPackages).filter(({ name }) => archivePackages.includes(name));
  if (first.length === 0) return { says: "not here yet", remedy };
  return { says: `not here yet: needs ${first.map(({ name }) => name).join(" and ")} first` };
};

/** The faults of Debian's runsc of 2024 that the built one does not have: packages/server/src/platform/sandboxes/SPEC.md, I44. */
const oldRunscLacks =
  "long writes to a terminal are truncated, killing a stopped child ends its process group, a fork copies 2 MiB around each " +
  "page that it writes, the number of files in /dev/shm is not limited";

const tools = (): Finding => {
  const what = "gVisor";
  if (!toolsAreThere()) return { state: "bad", what, ...needs("npm start") };
  const facts = JSON.parse(readFileSync(join(toolsFolder(), "tool.json"), "utf8")) as { version: string };
  const failure = buildFailure();
  if (builtIsThere()) return { state: "good", what, says: `${facts.version}, built from its source` };
  const why =
    failure === undefined
      ? "npm start builds a current one in the background"
      : `building a current one failed ${failure.at.slice(0, 10)}: ${failure.reason}`;
  const says = `${facts.version}, Debian's, in which ${oldRunscLacks}; ${why}`;
  return { state: "worse", what, says, remedy: "npm run atelier -- tools build" };
};

const baseImage = (): Finding => {
  const what = "base image";
  const facts = imageFacts("base");
  if (!facts) return { state: "bad", what, ...needs("npm start") };
  const count = Object.keys(facts.packages).length;
  const built = facts.builtAt.slice(0, 10);
  return { state: "good", what, says: `${count} Debian packages, built ${built}, in ${imageFolder("base")}` };
};

/** The layers of languages over the base: a missing one is built when it is first used. */
const languageImages = (): Finding => {
  const names = imageNames().filter((name) => name !== "base");
  const ready = names.filter((name) => imageFacts(name) !== undefined);
  const rest =
    ready.length < names.length ? "; the others are built on first use (npm run atelier -- images list)" : "";
  return { state: "good", what: "language images", says: `${ready.length} of ${names.length} built${rest}` };
};

const page = (): Finding =>
  existsSync(join(checkout, "packages/web/dist/index.html"))
    ? { state: "good", what: "page", says: "built" }
    : { state: "bad", what: "page", says: "not built yet", remedy: "npm start" };

/** One finding for each part. */
export const partFindings = (): Finding[] => [packages(), tools(), baseImage(), languageImages(), page()];
