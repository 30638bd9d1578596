/** Gathers what every sandbox sees read-only at /.atelier: init, the warm-up programs, the seccomp filter. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { LimitsEnforcement } from "../ports.ts";
import { encodeSeccompFilter } from "./seccomp-filter.ts";

/** Where things are inside a sandbox. */
export const insidePaths = {
  init: "/.atelier/init",
  seccomp: "/.atelier/seccomp.bpf",
  warmUp: (language: string, file: string) => `/.atelier/warm-up/${language}/${file}`,
} as const;

const warmUpFile = /^warm-up\.[a-z]+$/u;

/** `languages/<id>/warm-up.*` below the folder, as paths relative to it. */
const findWarmUps = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) =>
      readdirSync(join(folder, entry.name))
        .filter((name) => warmUpFile.test(name))
        .map((name) => join(entry.name, name)),
    )
    .toSorted();

/**
 * A folder below `stateFolder` named for its content, made once. Readable by everybody, because a
 * sandbox's user is nobody on the host.
 */
export const makeRuntimeFolder = (options: {
  readonly stateFolder: string;
  readonly initPath: string;
  readonly warmUpFolder: string;
  readonly limitsEnforcement: LimitsEnforcement;
}): string => {
  const { arch } = process;
  const filter = arch === "x64" || arch === "arm64" ? encodeSeccompFilter(arch, options.limitsEnforcement) : undefined;
  const warmUps = findWarmUps(options.warmUpFolder);
  const hash = createHash("sha256")
    .update(readFileSync(options.initPath))
    .update(filter ?? "");
  for (const name of warmUps) hash.update(name).update(readFileSync(join(options.warmUpFolder, name)));
  const folder = join(options.stateFolder, `runtime-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  copyFileSync(options.initPath, join(making, "init"));
  chmodSync(join(making, "init"), 0o755);
  if (filter !== undefined) writeFileSync(join(making, "seccomp.bpf"), filter, { mode: 0o644 });
  for (const name of warmUps) {
    cpSync(join(options.warmUpFolder, name), join(making, "warm-up", name));
    chmodSync(join(making, "warm-up", name), 0o644);
  }
  for (const path of ["", "warm-up", ...warmUps.map((name) => join("warm-up", name, ".."))]) {
    if (existsSync(join(making, path))) chmodSync(join(making, path), 0o755);
  }
  try {
    renameSync(making, folder);
  } catch (error) {
    // Somebody else made the same folder first.
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
};
