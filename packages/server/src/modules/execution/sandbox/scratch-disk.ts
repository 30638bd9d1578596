/** Disks for /project and /tmp that are files on the host, so that what a program writes is not its memory. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

const run = (file: string, argv: readonly string[]): Promise<unknown> =>
  execute(file, argv, { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, timeout: 30_000 });

/** Size of a disk; both numbers are enforced by its file system. */
export type DiskSize = { readonly bytes: number; readonly inodes: number };

/** A mounted disk that nothing else on the host will see after `detach`. */
export interface ScratchDisk {
  readonly mountPoint: string;
  /** Takes the disk out of the host's tree; the sandbox that has it mounted keeps it until it ends. */
  detach(): Promise<void>;
}

/** Makes disks from templates in one folder. */
export interface ScratchDisks {
  /** `folder` is the sandbox's own and empty. Rejects when the host refuses. */
  make(folder: string, size: DiskSize): Promise<ScratchDisk>;
}

const inodeBytes = 256;
const blockBytes = 4096;

/** Room for the file system's own tables, so that the program gets the bytes it was promised. */
const imageBytes = ({ bytes, inodes }: DiskSize): number =>
  Math.ceil((bytes * 1.01 + inodes * inodeBytes + 1_048_576) / blockBytes) * blockBytes;

const makeTemplate = async (path: string, size: DiskSize): Promise<void> => {
  const making = `${path}.${process.pid}`;
  try {
    await run("truncate", ["--size", String(imageBytes(size)), making]);
    // No journal: the disk's life is one run. Tables are not written until used, so a copy is a few blocks.
    const features = "^has_journal,^resize_inode,sparse_super2";
    const options = "lazy_itable_init=1,nodiscard,num_backup_sb=0";
    const shape = ["-b", String(blockBytes), "-I", String(inodeBytes), "-N", String(size.inodes)];
    await run("mkfs.ext4", ["-F", "-q", "-m", "0", ...shape, "-O", features, "-E", options, making]);
    renameSync(making, path);
  } finally {
    rmSync(making, { force: true });
  }
};

/** Disks that are loop-mounted images; needs the root user, loop devices and mkfs.ext4. */
export const createScratchDisks = (templateFolder: string): ScratchDisks => {
  const templates = new Map<string, Promise<string>>();
  const templateFor = (size: DiskSize): Promise<string> => {
    const path = join(templateFolder, `disk-${size.bytes}-${size.inodes}.ext4`);
    const making =
      templates.get(path) ?? (existsSync(path) ? Promise.resolve() : makeTemplate(path, size)).then(() => path);
    templates.set(path, making);
    making.catch(() => templates.delete(path));
    return making;
  };
  return {
    async make(folder, size) {
      const image = join(folder, "disk.ext4");
      const mountPoint = join(folder, "disk");
      await run("cp", ["--sparse=always", await templateFor(size), image]);
      mkdirSync(mountPoint);
      await run("mount", ["-o", "loop,nosuid,nodev,noatime", image, mountPoint]);
      return {
        mountPoint,
        async detach() {
          await run("umount", ["--lazy", mountPoint]);
          // The loop device holds the file; both go when the sandbox's own mount goes.
          rmSync(image);
        },
      };
    },
  };
};

/** Takes every mount below `folder` (ending in a slash) out of the host's tree: what a killed server left. */
export const detachAllBelow = async (folder: string): Promise<void> => {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(folder));
  for (const mount of mounts) await run("umount", ["--lazy", mount]);
};
