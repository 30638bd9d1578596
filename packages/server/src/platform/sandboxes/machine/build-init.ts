/** Compiles sandbox-init with the image's own gcc, inside a sandbox without network, once per version of its sources. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const isSource = (name: string): boolean => name.endsWith(".c") || name.endsWith(".h");

export type InitFolders = {
  readonly cacheFolder: string;
  /** packages/sandbox-init */
  readonly sourceFolder: string;
};

const sourcesIn = (folder: string): string[] => readdirSync(folder).filter(isSource).toSorted();

const targetOf = ({ cacheFolder, sourceFolder }: InitFolders): string => {
  const hash = createHash("sha256").update(process.arch);
  for (const name of sourcesIn(sourceFolder)) hash.update(name).update(readFileSync(join(sourceFolder, name)));
  return join(cacheFolder, `init-${hash.digest("hex").slice(0, 16)}`);
};

/** Whether these sources were compiled before: no image is needed then. */
export const isInitBuilt = (folders: InitFolders): boolean => existsSync(targetOf(folders));

/**
 * Path of the static binary in `cacheFolder`. Rejects with the compiler's output when it does not build, and with a sentence for an operator
 * when it has to be built and there is no image.
 */
export const buildInit = async (
  options: InitFolders & {
    /** The image with the compiler. */
    readonly imageRoot: string | undefined;
    readonly bwrap?: string;
  },
): Promise<string> => {
  const target = targetOf(options);
  if (existsSync(target)) return target;
  if (options.imageRoot === undefined)
    throw new Error("no language image is built yet, and sandbox-init is compiled with its gcc");
  const making = join(options.cacheFolder, `making-${process.pid}-${Date.now()}`);
  mkdirSync(making, { recursive: true });
  try {
    const argv = [
      ["--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", options.imageRoot, "/"],
      ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/mnt"],
      ["--ro-bind", options.sourceFolder, "/mnt/source", "--bind", making, "/mnt/out", "--chdir", "/mnt/source"],
      ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--"],
      ["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "/mnt/out/init"],
      sourcesIn(options.sourceFolder).filter((name) => name.endsWith(".c")),
    ];
    await run(options.bwrap ?? "bwrap", argv.flat());
    chmodSync(join(making, "init"), 0o755);
    renameSync(join(making, "init"), target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return target;
};
