/** The contract's part on what a program can learn of the host: names, paths, disks, load, memory, uptime. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { runProgram, testLimits } from "./harness.ts";

/** Files that describe the machine; those that a kernel does not have are skipped. */
const tellingFiles = [
  "/proc/self/mountinfo",
  "/proc/self/mounts",
  "/proc/self/cgroup",
  "/proc/cmdline",
  "/proc/loadavg",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/uptime",
  "/proc/version",
  "/proc/swaps",
  "/proc/partitions",
  "/proc/diskstats",
  "/proc/vmstat",
  "/proc/pressure/cpu",
  "/proc/pressure/memory",
  "/proc/locks",
  "/proc/cgroups",
  "/proc/zoneinfo",
  "/proc/buddyinfo",
  "/proc/softirqs",
  "/proc/schedstat",
  "/proc/devices",
  "/proc/tty/drivers",
  "/proc/modules",
  "/proc/interrupts",
  "/proc/sys/kernel/random/boot_id",
  "/proc/sys/kernel/hostname",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/resolv.conf",
  "/etc/machine-id",
  "/etc/mtab",
];

const readAll = `
import json, os, sys, time
told = {}
for path in json.load(open("files.json")):
    try: told[path] = open(path, errors="replace").read(100000)
    except OSError: pass
told["uname"] = " ".join(os.uname())
told["monotonic"] = str(time.monotonic())
print(json.dumps(told))`;

type Told = Readonly<Record<string, string>>;

const readText = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

const readHost = (): Told =>
  Object.fromEntries(tellingFiles.filter((path) => existsSync(path)).map((path) => [path, readText(path)]));

/** The block devices and, from the host's own list of mounts, where they are mounted from. */
const disks = (): string[] =>
  readdirSync("/sys/class/block")
    .filter((name) => !/^(?:ram|loop|zram)\d+$/u.test(name))
    .map((name) => `/dev/${name}`);

const number = (text: string | undefined, pattern: RegExp): number => Number(pattern.exec(text ?? "")?.[1] ?? "NaN");

/** Whether the name occurs in the text as a whole word. */
const namesIt = (text: string, name: string): boolean =>
  new RegExp(`(?:^|[^\\w.-])${name.replaceAll(/[^\w/-]/gu, "\\$&")}(?![\\w-])`, "mu").test(text);

/** Checks that do not apply where the sandbox has its own kernel. */
const counts = ["diskstats", "vmstat", "zoneinfo", "pressure/cpu", "softirqs"].map((name) => `/proc/${name}`);
const lists = ["cgroups", "devices"].map((name) => `/proc/${name}`);

/** The names of all facts of this host that occur in the text. */
const factsIn = (told: Told, paths: readonly string[]): string[] => {
  const host = readHost();
  const whole = Object.values(told).join("\n");
  const names = [...paths, hostname(), ...disks()].filter((name) => namesIt(whole, name));
  const nameservers = [...(host["/etc/resolv.conf"] ?? "").matchAll(/^nameserver (\S+)/gmu)].map(
    ([, address = ""]) => address,
  );
  const builder = /\(\S+@\S+\)/u.exec(host["/proc/version"] ?? "")?.[0] ?? "no builder";
  const totalKb = number(host["/proc/meminfo"], /MemTotal:\s+(\d+)/u);
  const [hostUptime, uptime] = [host, told].map((each) => number(each["/proc/uptime"], /^([\d.]+)/u));
  const [hostCpuTicks = 0, cpuTicks = 0] = [host, told].map((each) => number(each["/proc/stat"], /^cpu +(\d+)/mu));
  const bootTime = number(host["/proc/stat"], /^btime (\d+)/mu);
  return [
    ...names,
    ...nameservers.filter((address) => whole.includes(address)),
    whole.includes(builder) ? "who built the kernel" : "",
    whole.includes(`${totalKb} kB`) ? "memory" : "",
    whole.includes(`size=${Math.floor(totalKb / 2)}k`) ? "memory by a mount" : "",
    (hostUptime ?? 0) > 60 && Math.abs((hostUptime ?? 0) - (uptime ?? 0)) < 60 ? "time since boot" : "",
    Math.abs(number(told["/proc/stat"], /^btime (\d+)/mu) - bootTime) <= 2 ? "boot" : "",
    // A sandbox's own kernel may report what the sandbox used.
    cpuTicks * 2 >= hostCpuTicks ? "processor time" : "",
    whole.includes((host["/proc/sys/kernel/random/boot_id"] ?? "no id").trim()) ? "boot id" : "",
    ...counts.filter((path) => (told[path] ?? "") !== ""),
    ...lists.filter((path) => (told[path] ?? "") !== "" && told[path] === host[path]),
  ].filter((fact) => fact !== "");
};

/** Declares the part. */
export const testHostFacts = (context: ContractContext): void => {
  describe("facts of the host", () => {
    test("[I51] a program sees its sandbox's facts, and none of the host's", async () => {
      const outcome = await runProgram(
        { provider: context.provider(), imageRoot: context.imageRoot },
        {
          argv: ["python3", "main.py"],
          files: { "main.py": readAll, "files.json": JSON.stringify(tellingFiles) },
          limits: { memoryBytes: 128 * 1024 * 1024 },
        },
      );
      const told = JSON.parse(outcome.stdout) as Told;
      // The size of the host's /dev file system tells its memory; only root can make other device nodes.
      const hostDevices = context.tier === "namespaces" && process.geteuid?.() !== 0;
      const facts = factsIn(told, [context.imageRoot, context.stateFolder]);
      expect(facts).toEqual(hostDevices && facts.includes("memory by a mount") ? ["memory by a mount"] : []);
      expect(number(told["/proc/meminfo"], /MemTotal:\s+(\d+)/u)).toBe(128 * 1024);
      expect(number(told["/proc/meminfo"], /MemAvailable:\s+(\d+)/u)).toBe(128 * 1024);
      expect(told["/proc/loadavg"]).toMatch(/^0\.00 0\.00 0\.00 /u);
      expect(number(told["/proc/uptime"], /^([\d.]+)/u)).toBeLessThan(60);
      expect(told["/etc/hostname"]).toBe("atelier\n");
      expect(told["/etc/hosts"]).toContain("localhost");
    });

    test("the control: on the host itself the same check finds its facts", () => {
      const facts = factsIn(readHost(), []);
      expect(facts).toEqual(expect.arrayContaining(["memory", "boot", "processor time", "boot id", "/proc/diskstats"]));
    });

    test("[I51] a limit below the sandbox's own is the memory that a program sees, warm or cold", async () => {
      const { memoryBytes } = testLimits;
      const code = "print(open('/proc/meminfo').readline().split()[1])";
      const said = await Promise.all(
        [memoryBytes, memoryBytes / 2].map(async (limit) => {
          const program = { argv: ["python3", "-c", code], limits: { memoryBytes: limit } };
          const { stdout } = await runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, program);
          return Number(stdout) * 1024;
        }),
      );
      expect(said).toEqual([memoryBytes, memoryBytes / 2]);
    });
  });
};
