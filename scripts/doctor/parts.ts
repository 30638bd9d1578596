/** What Atelier brings or builds for itself: system packages, gVisor, images, the page. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { imageFacts, imageFolder, imageNames } from "../lib/image.mjs";
import { checkout } from "../lib/places.mjs";
import { installCommand, missingPackages, serverPackages } from "../lib/system-packages.mjs";
import { toolsAreThere, toolsFolder } from "../lib/tools.mjs";
import type { Finding } from "./finding.ts";

const packages = (): Finding => {
  const missing = missingPackages(serverPackages);
  if (missing.length === 0) return { state: "good", what: "system packages", says: "all there" };
  const says = missing.map((one) => `${one.name} is missing (${one.why})`).join("; ");
  return { state: "bad", what: "system packages", says, remedy: installCommand(missing) };
};

const tools = (): Finding => {
  const what = "gVisor";
  if (!toolsAreThere()) return { state: "bad", what, says: "not fetched yet", remedy: "npm start" };
  const facts = JSON.parse(readFileSync(join(toolsFolder(), "tool.json"), "utf8")) as { version: string };
  return { state: "good", what, says: facts.version };
};

const image = (name: string): Finding => {
  const what = `image ${name}`;
  const facts = imageFacts(name);
  if (!facts)
    return {
      state: "bad",
      what,
      says: "not built yet",
      remedy: `npm run atelier -- images build${name === "base" ? "" : " --all"}`,
    };
  const count = Object.keys(facts.packages).length;
  return {
    state: "good",
    what,
    says: `${count} Debian packages, built ${facts.builtAt.slice(0, 10)}, in ${imageFolder(name)}`,
  };
};

const page = (): Finding =>
  existsSync(join(checkout, "packages/web/dist/index.html"))
    ? { state: "good", what: "page", says: "built" }
    : { state: "bad", what: "page", says: "not built yet", remedy: "npm start" };

/** One finding for each part. */
export const partFindings = (): Finding[] => [packages(), tools(), ...imageNames().map(image), page()];
