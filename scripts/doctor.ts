/** `npm run atelier -- doctor`: which isolation and which limits this machine supports, and why not stronger ones. */
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Finding, show } from "./doctor/finding.ts";
import { hostFindings } from "./doctor/host.ts";
import { isolationFindings } from "./doctor/isolation.ts";
import { partFindings } from "./doctor/parts.ts";
import { cacheFolder, isRoot } from "./lib/checkout.mjs";

const dataFolder = (): string => {
  const named = process.env["DATA_DIR"];
  if (named) return named;
  if (isRoot) return "/var/lib/atelier";
  return join(process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "atelier");
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const sections: [title: string, findings: () => Finding[] | Promise<Finding[]>][] = [
  ["This machine", () => hostFindings({ "data folder": dataFolder(), "cache folder": cacheFolder() })],
  ["Atelier's parts", partFindings],
  ["Isolation, by booting a sandbox of each tier", isolationFindings],
];

let bad = 0;
for (const [title, find] of sections) {
  const findings = await find();
  bad += findings.filter(({ state }) => state === "bad").length;
  say(show(title, findings));
}
say(bad === 0 ? "All is well." : `${bad} ${bad === 1 ? "thing needs" : "things need"} attention.`);
process.exitCode = bad === 0 ? 0 : 1;
