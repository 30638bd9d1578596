/** Compiles sandbox-init with the image's own gcc, inside a sandbox without network, once per version of its sources. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const isSource = (name: string): boolean => name.endsWith(".c") || name.endsWith(".h");

/** Path of the static binary in `cacheFolder`. Rejects with the compiler's words when it does not build. */
export const buildInit = async (options: {
  readonly imageRoot: string;
  readonly cacheFolder: string;
  /** packages/sandbox-init */
  readonly sourceFolder: string;
  readonly bwrap?: string;
}): Promise<string> => {
  const sources = readdirSync(options.sourceFolder).filter(isSource).toSorted();
  const hash = createHash("sha256").update(process.arch);
  for (const name of sources) hash.update(name).update(readFileSync(join(options.sourceFolder, name)));
  const target = join(options.cacheFolder, `init-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(target)) return target;
  const making = join(options.cacheFolder, `making-${process.pid}-${Date.now()}`);
  mkdirSync(making, { recursive: true });
  try {
    const argv = [
      ["--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", options.imageRoot, "/"],
      ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/mnt"],
      ["--ro-bind", options.sourceFolder, "/mnt/source", "--bind", making, "/mnt/out", "--chdir", "/mnt/source"],
      ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--"],
      ["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "/mnt/out/init"],
      sources.filter((name) => name.endsWith(".c")),
    ];
    await run(options.bwrap ?? "bwrap", argv.flat());
    chmodSync(join(making, "init"), 0o755);
    renameSync(join(making, "init"), target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return target;
};
