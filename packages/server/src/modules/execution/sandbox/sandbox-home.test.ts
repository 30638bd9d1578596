/** What a home trusts of an earlier server's files: nothing that was cut short. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import type { CgroupLayout } from "./cgroup-layout.ts";
import { createSandboxHome, type SandboxHome } from "./sandbox-home.ts";

const parent = mkdtempSync(join(tmpdir(), "atelier-home-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const open = (stateFolder: string): { home: SandboxHome; layout: CgroupLayout } => {
  const cgroups = mkdtempSync(join(parent, "cgroups-"));
  const layout = { version: 1, memory: cgroups, cpu: cgroups, cpuacct: cgroups, pids: undefined } as const;
  const findCgroups = (): CgroupLayout => layout;
  const home = createSandboxHome({
    stateFolder,
    tier: "namespaces",
    toolMemoryBytes: 0,
    initPath: "",
    log: silentLog,
    findCgroups,
  });
  return { home, layout };
};

test.each(["", '{"version":2,"mem', "null", "{}", "7"])(
  "[X13] a remembered layout that reads %j is none, and is written anew",
  async (text) => {
    const stateFolder = mkdtempSync(join(parent, "state-"));
    const { home, layout } = open(stateFolder);
    writeFileSync(join(stateFolder, "cgroups.json"), text);
    expect(await home.removeOrphans()).toBe(0);
    expect(JSON.parse(readFileSync(join(stateFolder, "cgroups.json"), "utf8"))).toEqual({ ...layout });
    expect(readdirSync(stateFolder).toSorted()).toEqual(["cgroups.json", "sandboxes"]);
  },
);
