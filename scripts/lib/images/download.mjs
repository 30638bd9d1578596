// Downloads files into the cache, each with a checksum; what was downloaded stays for the next build.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { cacheFolder, pinnedNode } from "../checkout.mjs";
import { run } from "../command.mjs";
import { digest } from "../recipe.mjs";

/**
 * A checksum is given, or read from a file beside it with the first extension of `beside` that exists.
 * @typedef {{ algorithm: string, encoding: "hex" | "base64", value: string } | { beside: string[] }} Checksum
 * @typedef {{ url: string, path: string, checksum: Checksum }} Wanted `path` below the cache's folder for downloads
 */

/** Where downloads are kept. */
export function downloadsFolder() {
  return join(cacheFolder(), "downloads");
}

/**
 * @param {readonly Wanted[]} wanted
 * @param {import("./stages.mjs").StageTell} say
 * @returns {Promise<string[]>} the files' paths
 */
export async function download(wanted, say) {
  const targets = wanted.map(({ path }) => join(downloadsFolder(), path));
  const list = join(downloadsFolder(), `.list-${digest(targets.join("\n")).slice(0, 16)}-${process.pid}.json`);
  mkdirSync(downloadsFolder(), { recursive: true });
  writeFileSync(
    list,
    JSON.stringify(wanted.map(({ url, checksum }, index) => ({ url, checksum, target: targets[index] }))),
  );
  try {
    await run(pinnedNode() ?? process.execPath, [join(import.meta.dirname, "fetch-files.mjs"), list], {
      env: { ...process.env, NODE_USE_ENV_PROXY: "1" },
      what: "downloading",
      tell: (line) => {
        const [, share, name] = /^share ([\d.]+) (.*)$/.exec(line) ?? [];
        if (share !== undefined) say(Number(share), `downloading ${name}`);
      },
    });
  } finally {
    rmSync(list, { force: true });
  }
  return targets;
}
