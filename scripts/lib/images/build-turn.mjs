// One build at a time on a machine: who waits for the same image sees the progress of the one that builds it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { locked } from "../lock.mjs";
import { readIfThere, writeWhole } from "../recipe.mjs";

const lookEveryMs = 250;

/** @typedef {{ id: string, percent: number, step: string }} Current what the process that builds has written */

const currentFile = (images) => join(images, ".current.json");

/** What is being built now, or undefined.
 * @param {string} images
 * @returns {Current | undefined} */
function currentBuild(images) {
  try {
    return JSON.parse(readIfThere(currentFile(images)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` when it is this process's turn.
 * @template T
 * @param {object} options
 * @param {string} options.images
 * @param {string} options.id the image that is wanted
 * @param {import("./stages.mjs").Tell} options.tell
 * @param {(tell: import("./stages.mjs").Tell) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTurn({ images, id, tell }, work) {
  let told = "";
  const follow = () => {
    const current = currentBuild(images);
    if (current === undefined) return;
    const isSame = current.id === id;
    const progress = isSame
      ? { percent: current.percent, step: current.step }
      : { percent: 0, step: `waiting for ${current.id} (${current.percent} %)` };
    if (JSON.stringify(progress) === told) return;
    told = JSON.stringify(progress);
    tell(progress);
  };
  const timer = setInterval(follow, lookEveryMs);
  try {
    return await locked(join(images, "lock"), { tell: () => undefined }, async () => {
      clearInterval(timer);
      try {
        return await work((progress) => {
          writeWhole(currentFile(images), JSON.stringify({ id, ...progress }));
          tell(progress);
        });
      } finally {
        rmSync(currentFile(images), { force: true });
      }
    });
  } finally {
    clearInterval(timer);
  }
}
