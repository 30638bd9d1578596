// Rebuilds images of which Debian has newer packages, beside the old builds, which running sandboxes keep.
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { ensureImage, imageBuilds, imageFolder, imagesFolder } from "../image.mjs";
import { findUpdates } from "./apt.mjs";
import { inTurn } from "./build-turn.mjs";
import { removeTree } from "./enter-root.mjs";

/** Why a build should be made again, or undefined. */
async function reasonOf({ folder, facts }) {
  if (facts.over !== undefined && imageFolder(facts.recipe.over) !== join(imagesFolder(), facts.over))
    return "the base is newer";
  const own = join(folder, "dpkg-status");
  const status = existsSync(own) ? own : join(folder, "rootfs", "var/lib/dpkg/status");
  if (!existsSync(status)) return "its packages are unknown";
  const temporary = mkdtempSync(join(imagesFolder(), ".update-"));
  try {
    const base = facts.over === undefined ? folder : join(imagesFolder(), facts.over);
    const newer = await findUpdates({ folder: temporary, base: join(base, "rootfs"), status });
    return newer.length === 0 ? undefined : `newer: ${newer.join(", ")}`;
  } finally {
    await removeTree(temporary);
  }
}

/**
 * Builds an image again if there are updates for it; one that is not built is built.
 * @param {string} name
 * @param {import("./stages.mjs").Tell} tell
 * @param {{ startedAt: string }} state when the whole update began: what somebody built since then is new enough
 */
export async function updateImage(name, tell, { startedAt }) {
  const [newest] = imageBuilds(name);
  if (newest === undefined || newest.facts.builtAt > startedAt) return ensureImage(name, tell);
  tell({ percent: 0, step: "looking for updates" });
  const reason = await inTurn({ images: imagesFolder(), id: name, tell }, () => reasonOf(newest));
  if (reason === undefined) return "up to date";
  return `${await ensureImage(name, tell, { olderThan: startedAt })}; ${reason}`;
}
