/** Files of an earlier server: incomplete ones are ignored. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import type { CgroupLayout } from "../limits/cgroup-layout.ts";
import { mountsBelow } from "./left-mounts.ts";
import { createHostResources, type HostResources } from "./host-resources.ts";

const parent = mkdtempSync(join(tmpdir(), "atelier-host-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const open = (stateFolder: string): { host: HostResources; layout: CgroupLayout } => {
  const cgroups = mkdtempSync(join(parent, "cgroups-"));
  const layout = { version: 1, memory: cgroups, cpu: cgroups, cpuacct: cgroups, pids: undefined } as const;
  const findCgroups = (): CgroupLayout => layout;
  const host = createHostResources({
    stateFolder,
    tier: "namespaces",
    toolMemoryBytes: 0,
    initPath: "",
    log: silentLog,
    findCgroups,
  });
  return { host, layout };
};

test.each(["", '{"version":2,"mem', "null", "{}", "7"])(
  "[I13] a remembered layout that reads %j is none, and is written anew",
  async (text) => {
    const stateFolder = mkdtempSync(join(parent, "state-"));
    const { host, layout } = open(stateFolder);
    writeFileSync(join(stateFolder, "cgroups.json"), text);
    expect(await host.removeOrphans()).toBe(0);
    expect(JSON.parse(readFileSync(join(stateFolder, "cgroups.json"), "utf8"))).toEqual({ ...layout });
    expect(readdirSync(stateFolder).toSorted()).toEqual(["cgroups.json", "sandboxes"]);
  },
);

test("[I55] mounts are found by their paths as the kernel writes them, the inner ones first", () => {
  const line = (path: string): string => `36 35 0:4 / ${path} rw - nsfs nsfs rw`;
  const mountinfo = ["/state", "/state/a\\040b", "/state/a\\040b/c", "/state2/x", "/else"].map(line).join("\n");
  expect(mountsBelow("/state", `${mountinfo}\n`)).toEqual(["/state/a b/c", "/state/a b"]);
});

test.skipIf(process.geteuid?.() !== 0)(
  "[I13] [I55] what a dead server's tool left mounted is unmounted and removed",
  async () => {
    const stateFolder = mkdtempSync(join(parent, "state "));
    const { host } = open(stateFolder);
    const left = join(stateFolder, "sandboxes", "0123456789abcdef", "runsc", "null-netns");
    const beside = join(stateFolder, "beside");
    mkdirSync(join(left, ".."), { recursive: true });
    for (const file of [left, beside]) {
      writeFileSync(file, "");
      execFileSync("mount", ["--bind", "/proc/self/ns/net", file]);
    }
    try {
      expect(await host.removeOrphans()).toBe(1);
      expect(readdirSync(join(stateFolder, "sandboxes"))).toEqual([]);
      expect(mountsBelow(stateFolder, readFileSync("/proc/self/mountinfo", "utf8"))).toEqual([beside]);
    } finally {
      execFileSync("umount", ["--lazy", beside]);
    }
  },
);
