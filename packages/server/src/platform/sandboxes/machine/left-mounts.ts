/** Unmounts orphaned mounts of a killed server's tools below its folder, whose folders could not be removed otherwise. */
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";

/** A path as mountinfo writes it: blanks and backslashes as octal numbers. */
const decodePath = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/gu, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));

/** Where something is mounted below `folder`, the last one first. */
export const mountsBelow = (folder: string, mountinfo: string): string[] =>
  mountinfo
    .split("\n")
    .map((line) => decodePath(line.split(" ")[4] ?? ""))
    .filter((path) => path.startsWith(`${folder}/`))
    .toReversed();

/** Skips mounts that cannot be unmounted. The owner of `folder` has ended. */
export const unmountBelow = (folder: string): void => {
  for (const path of mountsBelow(realpathSync(folder), readFileSync("/proc/self/mountinfo", "utf8"))) {
    try {
      execFileSync("umount", ["--lazy", "--no-canonicalize", "--", path], { stdio: "ignore", timeout: 10_000 });
    } catch {
      // No right to unmount; removing the folder then reports the error.
    }
  }
};
