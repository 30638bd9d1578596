// Programs that Atelier installs for itself in its cache: gVisor's runsc; Debian's until a current one is built.
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "./command.mjs";
import { suite, writeDebianTar } from "./debian.mjs";
import { locked } from "./lock.mjs";
import { cacheFolder } from "./checkout.mjs";
import { buildFolder, digest } from "./recipe.mjs";
import { builtFolder, builtIsThere } from "./runsc-build.mjs";

const recipe = { suite, package: "runsc", program: "usr/bin/runsc", processor: process.arch, layout: 1 };

function debianFolder() {
  return join(cacheFolder(), "tools", `runsc-${digest(recipe).slice(0, 16)}`);
}

/** The folder that has (or will have) `runsc`: the built one if it is complete. A server uses the one of its start until it ends. */
export function toolsFolder() {
  return builtIsThere() ? builtFolder() : debianFolder();
}

/** Debian's runsc if it is installed: the emulated machine uses it, because it is smaller and so that both versions are tested. */
export function smallToolsFolder() {
  return existsSync(join(debianFolder(), "tool.json")) ? debianFolder() : toolsFolder();
}

/** Whether the tools are complete; tool.json is written last. */
export function toolsAreThere() {
  return existsSync(join(toolsFolder(), "tool.json"));
}

/** Fetches runsc unless it is there already. */
export async function ensureTools(tell) {
  const folder = debianFolder();
  if (toolsAreThere()) return "cached";
  return locked(join(cacheFolder(), "tools", "lock"), { tell }, async () => {
    if (toolsAreThere()) return "cached";
    await buildFolder(folder, async (fresh) => {
      const unpacked = mkdtempSync(join(tmpdir(), "atelier-tools-"));
      try {
        const tar = join(unpacked, "packages.tar");
        const what = `downloading ${recipe.package}`;
        await writeDebianTar({ variant: "extract", packages: [recipe.package], tar, what }, tell);
        await run("tar", ["--extract", "--file", tar, "--directory", unpacked, `./${recipe.program}`], {
          what: `unpacking ${recipe.package}`,
        });
        copyFileSync(join(unpacked, recipe.program), join(fresh, "runsc"));
        chmodSync(join(fresh, "runsc"), 0o755);
        const version = (await run(join(fresh, "runsc"), ["--version"])).split("\n")[0].trim();
        const facts = { recipe, version, builtAt: new Date().toISOString() };
        writeFileSync(join(fresh, "tool.json"), `${JSON.stringify(facts, null, 2)}\n`);
      } finally {
        rmSync(unpacked, { recursive: true, force: true });
      }
    });
    return "fetched";
  });
}
