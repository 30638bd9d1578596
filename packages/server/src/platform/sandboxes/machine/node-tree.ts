/** The pinned Node for Atelier's tools inside a sandbox: a tree with its own loader and libraries, independent of the image. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { SandboxTree } from "../ports.ts";

const execute = promisify(execFile);

/** Its path inside; every sandbox has the folder, so the mount needs no change of the root. */
const inside = "/.atelier/node";

/** Relative to a root; the loaders' names are part of each architecture's ABI. */
const loaders: Readonly<Record<string, string>> = {
  x64: "lib64/ld-linux-x86-64.so.2",
  arm64: "lib/ld-linux-aarch64.so.1",
};

export type NodeTree = {
  readonly tree: SandboxTree;
  /**
   * The start of a tool's argv inside. The kernel executes the loader, so `process.execPath` is the loader's path: a tool has to start
   * further Node processes with this argv too.
   */
  readonly argv: readonly string[];
};

/** Paths of the shared libraries that `program` needs, as this root's loader finds them. */
const librariesOf = async (loader: string, program: string, root: string): Promise<string[]> => {
  const folders = ["lib", "usr/lib", "lib64"].flatMap((name) => {
    const triple = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
    return [join(root, name, triple), join(root, name)];
  });
  const { stdout } = await execute(loader, ["--library-path", folders.join(":"), "--list", program], {
    env: { PATH: "/usr/bin:/bin" },
  });
  return [...stdout.matchAll(/=> (\/\S+) \(0x/gu)].map(([, path = ""]) => path);
};

/**
 * Makes the tree once for each binary and image, below `cacheFolder`; about 130 MB, or nothing where the file system shares blocks.
 * Rejects when the image has no loader of this machine's kind or lacks a library.
 */
export const makeNodeTree = async (options: {
  /** The pinned binary. */
  readonly node: string;
  /** A root file system with glibc and libstdc++: the base image. */
  readonly imageRoot: string;
  readonly cacheFolder: string;
}): Promise<NodeTree> => {
  const root = realpathSync(options.imageRoot);
  const node = realpathSync(options.node);
  const loader = join(root, loaders[process.arch] ?? "no-loader-is-known");
  const { size, mtimeMs } = statSync(node);
  const name = createHash("sha256")
    .update(JSON.stringify([process.arch, node, size, mtimeMs, root]))
    .digest("hex");
  const folder = join(options.cacheFolder, `node-${name.slice(0, 16)}`);
  const loaderName = basename(loader);
  const made: NodeTree = {
    tree: { source: folder, target: inside },
    argv: [`${inside}/lib/${loaderName}`, "--library-path", `${inside}/lib`, `${inside}/bin/node`],
  };
  if (existsSync(folder)) return made;
  const making = `${folder}.${process.pid}`;
  try {
    for (const path of [making, join(making, "bin"), join(making, "lib")]) {
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o755);
    }
    const copies = [
      [node, "bin/node"],
      [loader, join("lib", loaderName)],
      ...(await librariesOf(loader, node, root)).map((path) => [path, join("lib", basename(path))] as const),
    ] as const;
    for (const [source, target] of copies) {
      copyFileSync(source, join(making, target), constants.COPYFILE_FICLONE);
      chmodSync(join(making, target), 0o755);
    }
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Another process has created the same folder first.
    if (!existsSync(folder)) throw error;
  }
  return made;
};
