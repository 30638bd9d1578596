/** Disks for /project and /tmp that are files on the host, so that files of a program are not charged as memory. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { launchArguments } from "../machine/launch.ts";

const execute = promisify(execFile);

const run = (file: string, argv: readonly string[]): Promise<unknown> =>
  execute(file, argv, { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, timeout: 30_000 });

/** Size of a disk; both numbers are enforced by its file system. */
export type DiskSize = { readonly bytes: number; readonly inodes: number };

/** A disk of `init launch`: a copy of the template, mounted only in the sandbox, removed with its last process. */
export type ScratchDisk = {
  readonly template: string;
  /** The path of the copy, which is unlinked when it is mounted. */
  readonly image: string;
  readonly mountPoint: string;
};

/** Plans disks from templates in one folder. */
export interface ScratchDisks {
  /** `folder` is the sandbox's own and empty. Rejects when the host has no loop devices, mount rights or mkfs.ext4. */
  plan(folder: string, size: DiskSize): Promise<ScratchDisk>;
  /** Called when a sandbox with a disk did not start: the next plan tests again that its disk can be mounted. */
  doubt(): void;
}

const inodeBytes = 256;
const blockBytes = 4096;
/** As in packages/sandbox-init/init.h. */
const programUid = 1000;

/** The size of a disk on the host, including the tables of the file system. */
export const imageBytes = ({ bytes, inodes }: DiskSize): number =>
  Math.ceil((bytes * 1.01 + inodes * inodeBytes + 1_048_576) / blockBytes) * blockBytes;

/** The folders that init would create on an empty disk, for sandboxes with the disk's user ids. */
const folders = [
  ["project", 0o755],
  ["tmp", 0o1777],
] as const;

const makeFolders = (folder: string): void => {
  for (const [name, mode] of folders) {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), mode);
    chownSync(join(folder, name), programUid, programUid);
  }
};

/** mkfs.ext4's arguments except the content's folder and the image. */
const formatOf = ({ inodes }: DiskSize): string[] => {
  // No journal, because a disk lasts for one run. Tables are written on first use, so a copy has few blocks.
  const features = "^has_journal,^resize_inode,sparse_super2";
  const options = "lazy_itable_init=1,nodiscard,num_backup_sb=0";
  const shape = ["-b", String(blockBytes), "-I", String(inodeBytes), "-N", String(inodes)];
  return ["-F", "-q", "-m", "0", ...shape, "-O", features, "-E", options];
};

/** The name depends on all inputs of a template, so that templates of earlier versions with other inputs are not used. */
const templateName = (size: DiskSize, withFolders: boolean): string => {
  const recipe = JSON.stringify([imageBytes(size), formatOf(size), withFolders && folders, programUid]);
  return `template-${createHash("sha256").update(recipe).digest("hex").slice(0, 16)}.ext4`;
};

/** Syncs the file, so that after a power cut the name never refers to an incomplete file. */
const writeThrough = (path: string): void => {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

const makeTemplate = async (path: string, size: DiskSize, withFolders: boolean): Promise<void> => {
  const making = mkdtempSync(`${path}.`);
  const image = join(making, "image");
  const content = join(making, "content");
  try {
    mkdirSync(content);
    if (withFolders) makeFolders(content);
    await run("truncate", ["--size", String(imageBytes(size)), image]);
    await run("mkfs.ext4", [...formatOf(size), "-d", content, image]);
    writeThrough(image);
    renameSync(image, path);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
};

const planIn = (folder: string, template: string): ScratchDisk => {
  const disk = { template, image: join(folder, "disk.ext4"), mountPoint: join(folder, "disk") };
  mkdirSync(disk.mountPoint, { recursive: true });
  return disk;
};

/** Disks that are loop-mounted images; needs the root user, loop devices and mkfs.ext4. */
export const createScratchDisks = (options: {
  readonly templateFolder: string;
  readonly initPath: string;
  /** A copied sandbox expects the folders of the original; with mapped user ids init has to create them. */
  readonly withFolders: boolean;
}): ScratchDisks => {
  const templates = new Map<string, Promise<string>>();

  /** A template is used only after a disk of it could be mounted. */
  const prove = async (template: string): Promise<string> => {
    const folder = mkdtempSync(`${template}.`);
    try {
      const [file = "", ...argv] = launchArguments({
        initPath: options.initPath,
        joinFiles: [],
        disk: planIn(folder, template),
        argv: ["/bin/true"],
      });
      await run(file, argv);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return template;
  };
  const makeOrTake = async (path: string, size: DiskSize): Promise<string> => {
    if (existsSync(path)) {
      try {
        return await prove(path);
      } catch {
        // The file may be damaged: a second attempt with a new one shows whether mounting fails in general.
        rmSync(path, { force: true });
      }
    }
    await makeTemplate(path, size, options.withFolders);
    try {
      return await prove(path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  };
  const templateFor = (size: DiskSize): Promise<string> => {
    const path = join(options.templateFolder, templateName(size, options.withFolders));
    const making = templates.get(path) ?? makeOrTake(path, size);
    templates.set(path, making);
    making.catch(() => templates.delete(path));
    return making;
  };
  return {
    plan: async (folder, size) => planIn(folder, await templateFor(size)),
    doubt: () => templates.clear(),
  };
};
