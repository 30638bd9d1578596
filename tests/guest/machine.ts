/** Boots the emulated machine and returns its report line by line; a machine without output is ended, and its console quoted. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { ensureDisks, type GuestDisks, type GuestParts, packCheckout } from "./disks.ts";
import type { GuestReport, Situation } from "./situations.ts";

/** When to give up. */
export type GuestPatience = {
  /** The whole run, in milliseconds. */
  readonly wholeMs: number;
  /** Without a word on either serial port, in milliseconds. */
  readonly silenceMs: number;
};

const consoleLines = 40;
/** What `inside/main.sh` says on the console when it came to its end. */
const lastWords = "the guest ends";

/**
 * No "enhanced rep movsb": real processors do it fast, the emulator byte by byte. Everything else that it knows is on;
 * gVisor needs some of it.
 */
const processor = "max,-erms,-fsrm,-fzrm,-fsrs";

/** No cgroups of version 1. What only slows an emulated kernel down, or guards real hardware, is off. */
const kernelArguments = "console=ttyS1 quiet panic=-1 cgroup_no_v1=all mitigations=off random.trust_cpu=on";

/** bwrap's arguments: QEMU with its own libraries, the files it reads, and one folder that it writes to. */
const emulator = (guest: string, files: readonly string[], folder: string): string[] =>
  [
    ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"],
    ["--ro-bind", join(guest, "usr"), "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"],
    ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/mnt", "--bind", folder, "/mnt/folder"],
    files.flatMap((path) => ["--ro-bind", path, `/mnt/${basename(path)}`]),
    ["--chdir", "/mnt", "--", "/usr/bin/qemu-system-x86_64"],
  ].flat();

/** Why the machine cannot be started here; undefined when it can. */
export const whyNoMachine = async (guest: string): Promise<string | undefined> => {
  if (process.arch !== "x64") return `the machine is emulated on x64 only, not on ${process.arch}`;
  const child = spawn("bwrap", [...emulator(guest, [], guest), "--version"], { stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString("utf8")));
  const failed = await once(child, "close").then(
    ([code]) => (code === 0 ? undefined : words.trim().split("\n").at(-1)),
    (error: unknown) => String(error),
  );
  return failed === undefined ? undefined : `QEMU does not start here: ${failed}`;
};

/** What all machines of one run share: disks, and the checkout as it is now. */
export type PreparedGuest = GuestDisks & AsyncDisposable & { readonly checkout: string };

/** Packs what changed. The checkout's tar is removed when this is disposed. */
export const prepareGuest = async (parts: GuestParts): Promise<PreparedGuest> => {
  const folder = mkdtempSync(join(tmpdir(), "atelier-guest-"));
  const checkout = join(folder, "checkout.tar");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const disks = await ensureDisks(parts, () => undefined);
    await packCheckout(parts, checkout);
    return { ...disks, checkout, [Symbol.asyncDispose]: () => Promise.resolve(remove()) };
  } catch (error) {
    remove();
    throw error;
  }
};

const qemuArguments = (guest: PreparedGuest, disks: readonly string[], words: readonly string[]): string[] =>
  [
    // Time in the guest goes by instructions, 2 ns each, so that a busy host slows it down without its noticing.
    ["-accel", "tcg,thread=single", "-icount", "shift=1", "-cpu", processor, "-smp", "1", "-m", "2048"],
    ["-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot"],
    ["-serial", "stdio", "-serial", "file:/mnt/folder/console.log"],
    disks.flatMap((path) => ["-drive", `file=/mnt/${basename(path)},format=raw,if=virtio,readonly=on`]),
    ["-kernel", basename(guest.kernel), "-initrd", basename(guest.initramfs)],
    ["-append", [kernelArguments, ...words].join(" ")],
  ].flat();

/**
 * Boots, gives every report to `report` and every other line to `progress`, and resolves when the machine has switched
 * itself off. Rejects with the console's last lines when it ends otherwise, or goes beyond the patience.
 */
export const runMachine = async (options: {
  readonly parts: GuestParts;
  readonly disks: PreparedGuest;
  readonly patience: GuestPatience;
  readonly situations: readonly Situation[];
  /** More words for the kernel's command line, which the guest's scripts read. */
  readonly words?: readonly string[];
  /** A third disk. */
  readonly modules?: string;
  readonly report: (report: GuestReport) => void;
  readonly progress?: (line: string) => void;
}): Promise<void> => {
  const { parts, patience, disks: guest } = options;
  const folder = mkdtempSync(join(tmpdir(), "atelier-guest-"));
  const consoleLog = join(folder, "console.log");
  try {
    writeFileSync(consoleLog, "");
    const disks = [guest.disk, guest.checkout, ...(options.modules === undefined ? [] : [options.modules])];
    const words = [
      `atelier.situations=${options.situations.map(({ name }) => name).join(",")}`,
      ...(options.words ?? []),
    ];
    const argv = [
      ...emulator(parts.guest, [guest.kernel, guest.initramfs, ...disks], folder),
      ...qemuArguments(guest, disks, words),
    ];
    const child = spawn("bwrap", argv, { stdio: ["ignore", "pipe", "pipe"] });
    const closed = once(child, "close");
    let complaint = "";
    let reports = 0;
    let gaveUp: string | undefined;
    const giveUp = (why: string) => (): void => {
      gaveUp = why;
      child.kill("SIGKILL");
    };
    const whole = setTimeout(giveUp(`not done after ${patience.wholeMs / 1000} s`), patience.wholeMs);
    const silence = setTimeout(giveUp(`silent for ${patience.silenceMs / 1000} s`), patience.silenceMs);
    try {
      child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
      for await (const line of createInterface({ input: child.stdout })) {
        silence.refresh();
        if (line.startsWith('{"kind":')) {
          reports++;
          options.report(JSON.parse(line) as GuestReport);
        } else options.progress?.(line);
      }
      await closed;
    } finally {
      clearTimeout(whole);
      clearTimeout(silence);
      child.kill("SIGKILL");
    }
    const said = readFileSync(consoleLog, "utf8").trimEnd().split("\n");
    const isDone = child.exitCode === 0 && said.some((line) => line.includes(lastWords));
    if (gaveUp === undefined && isDone && reports > 0) return;
    const why = gaveUp ?? (isDone ? "it reported nothing" : `it ended with ${child.exitCode ?? child.signalCode}`);
    const last = said.slice(-consoleLines).join("\n");
    throw new Error(`the emulated machine: ${why}\n${complaint}\nIts console's last lines:\n${last}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
