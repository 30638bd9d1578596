/** Detection of cgroups for the ways in which systems mount them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findCgroupLayout, readHierarchies } from "./cgroup-layout.ts";
import { createSandboxCgroup, removeSandboxCgroups } from "./cgroups.ts";

const mountLine = (mount: string, type: string, options: string, root = "/"): string =>
  `30 25 0:26 ${root} ${mount} rw,nosuid shared:9 - ${type} ${type} rw,${options}`;

const made: string[] = [];
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true })));

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "atelier-cgroup-"));
  made.push(path);
  return path;
};

const writeFiles = (at: string, files: Readonly<Record<string, string>>): string => {
  mkdirSync(at, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
  return at;
};

test("version 1 controllers are found in their own and in shared hierarchies", () => {
  const root = folder();
  for (const name of ["memory/own", "cpu,cpuacct", "pids"]) mkdirSync(join(root, name), { recursive: true });
  const layout = findCgroupLayout({
    mountinfo: [
      mountLine(`${root}/memory`, "cgroup", "memory"),
      mountLine(`${root}/cpu,cpuacct`, "cgroup", "cpu,cpuacct"),
      mountLine(`${root}/pids`, "cgroup", "pids"),
      mountLine(`${root}/unified`, "cgroup2", "nsdelegate"),
    ].join("\n"),
    cgroup: "4:memory:/own\n1:cpu,cpuacct:/\n8:pids:/\n0::/",
  });
  expect(layout).toEqual({
    version: 1,
    memory: `${root}/memory/own`,
    cpu: `${root}/cpu,cpuacct`,
    cpuacct: `${root}/cpu,cpuacct`,
    pids: `${root}/pids`,
  });
});

test("a probe cgroup of a process with the same id in another container does not disturb", () => {
  const root = folder();
  const probe = `atelier-probe-${process.pid}`;
  for (const name of ["memory", "cpu,cpuacct", "pids"]) mkdirSync(join(root, name, probe), { recursive: true });
  const mountinfo = ["memory", "cpu,cpuacct", "pids"]
    .map((name) => mountLine(`${root}/${name}`, "cgroup", name))
    .join("\n");
  expect(findCgroupLayout({ mountinfo, cgroup: "" })).toMatchObject({ version: 1, memory: `${root}/memory` });
});

test("version 2 is used where it delegates memory and CPU, and a sandbox's limits are written there", () => {
  const root = folder();
  const own = writeFiles(join(root, "user.slice/atelier.service"), {
    "cgroup.controllers": "cpu memory pids",
    "cgroup.subtree_control": "cpu memory pids",
    "cgroup.procs": "",
  });
  const layout = findCgroupLayout({
    mountinfo: mountLine(root, "cgroup2", "nsdelegate"),
    cgroup: "0::/user.slice/atelier.service",
  });
  expect(layout).toEqual({ version: 2, memory: own, cpu: own, cpuacct: own, pids: own, isDelegated: true });
  if (layout === undefined) return;
  writeFiles(join(own, "atelier-x"), {});
  const cgroup = createSandboxCgroup(layout, { parent: "atelier-x", id: "one" }, 0);
  const inside = writeFiles(join(own, "atelier-x/one"), {
    "memory.events": "low 0\noom 3\noom_kill 1",
    "memory.current": "100",
    "memory.stat": "",
    "cpu.stat": "usage_usec 2500000\nuser_usec 1",
  });
  cgroup.meter.begin(1000);
  expect(readFileSync(join(inside, "memory.max"), "utf8")).toBe("1000");
  const processors = Math.min(2, availableParallelism());
  expect(readFileSync(join(inside, "cpu.max"), "utf8")).toBe(`${processors}00000 100000`);
  expect(readFileSync(join(own, "atelier-x/cgroup.subtree_control"), "utf8")).toBe("+memory +cpu +pids");
  expect(cgroup.meter.measure()).toEqual({ cpuMs: 2500, memoryPeakBytes: 100, memoryExceeded: true });
  expect(cgroup.joinFiles).toEqual([join(inside, "cgroup.procs")]);
});

test("version 2 without the pids controller is used for memory and CPU", () => {
  const root = folder();
  const given = { "cgroup.controllers": "cpu memory", "cgroup.subtree_control": "cpu memory", "cgroup.procs": "" };
  const own = writeFiles(join(root, "atelier.service"), given);
  const layout = findCgroupLayout({
    mountinfo: mountLine(root, "cgroup2", "nsdelegate"),
    cgroup: "0::/atelier.service",
  });
  expect(layout).toEqual({ version: 2, memory: own, cpu: own, cpuacct: own, pids: undefined, isDelegated: true });
  if (layout === undefined) return;
  createSandboxCgroup(layout, { parent: "atelier-x", id: "one" }, 0);
  expect(readFileSync(join(own, "atelier-x/cgroup.subtree_control"), "utf8")).toBe("+memory +cpu");
  expect(existsSync(join(own, "atelier-x/one/pids.max"))).toBe(false);
});

/** Only a kernel with version 1 refuses this; it cannot be imitated with plain files. */
const here = findCgroupLayout();
const refusing = here?.version === 1 && availableParallelism() > 1 ? [here] : [];

test.each(refusing)(
  "version $version: where a container may not use two processors, a sandbox has one",
  async (own) => {
    const container = join(own.cpu, `atelier-container-${process.pid}`);
    const parent = `atelier-quota-${process.pid}`;
    mkdirSync(container);
    try {
      writeFileSync(join(container, "cpu.cfs_quota_us"), "150000");
      createSandboxCgroup({ ...own, cpu: container }, { parent, id: "one" }, 0).meter.begin(64 << 20);
      expect(Number(readFileSync(join(container, parent, "one/cpu.cfs_quota_us"), "utf8"))).toBe(100_000);
    } finally {
      await removeSandboxCgroups({ ...own, cpu: container }, parent);
      rmdirSync(container);
    }
  },
);

test("a second detection, from the leaf into which the server has moved, finds the same folder", () => {
  const root = folder();
  const files = { "cgroup.controllers": "cpu memory pids", "cgroup.subtree_control": "cpu memory pids" };
  const unit = writeFiles(join(root, "atelier.service"), { ...files, "cgroup.procs": "" });
  writeFiles(join(unit, "atelier-server"), { ...files, "cgroup.procs": String(process.pid) });
  const look = (cgroup: string): unknown =>
    findCgroupLayout({ mountinfo: mountLine(root, "cgroup2", "nsdelegate"), cgroup });
  expect(look("0::/atelier.service")).toMatchObject({ memory: unit });
  expect(look("0::/atelier.service/atelier-server")).toEqual(look("0::/atelier.service"));
});

test.each([1, 2] as const)(
  "version %i: full memory with constant reads of evicted file pages counts as exceeded",
  (version) => {
    const root = folder();
    const layout = { version, memory: root, cpu: root, cpuacct: root, pids: undefined };
    writeFiles(join(root, "atelier-x"), {});
    const { meter } = createSandboxCgroup(layout, { parent: "atelier-x", id: "one" }, 0);
    const used = version === 1 ? "memory.usage_in_bytes" : "memory.current";
    const measureWith = (usedBytes: number, fileBytes: number, readBack: number): boolean => {
      writeFiles(join(root, "atelier-x/one"), {
        [used]: String(usedBytes),
        "memory.stat": `active_file ${fileBytes}\ninactive_file 0\nworkingset_refault_file ${readBack}`,
        "memory.events": "oom_kill 0",
        "memory.oom_control": "oom_kill 0",
        "memory.max_usage_in_bytes": "0",
        "cpuacct.usage": "0",
        "cpu.stat": "usage_usec 0",
      });
      return meter.measure().memoryExceeded;
    };
    meter.begin(100_000_000);
    expect(measureWith(99_900_000, 100_000, 5000)).toBe(true);
    expect(measureWith(99_900_000, 100_000, 100)).toBe(false);
    // A program that reads a file larger than its memory.
    expect(measureWith(99_900_000, 50_000_000, 500_000)).toBe(false);
    expect(measureWith(90_000_000, 100_000, 5000)).toBe(false);
  },
);

test("a version 2 hierarchy without memory is no layout", () => {
  const root = writeFiles(folder(), {
    "cgroup.controllers": "hugetlb",
    "cgroup.subtree_control": "",
    "cgroup.procs": "",
  });
  expect(findCgroupLayout({ mountinfo: mountLine(root, "cgroup2", "rw"), cgroup: "0::/" })).toBeUndefined();
});

test("in a container only the mounted part of a path is used", () => {
  const [hierarchy] = readHierarchies({
    mountinfo: mountLine("/sys/fs/cgroup/memory", "cgroup", "memory", "/docker/abc"),
    cgroup: "4:memory:/docker/abc/inner",
  });
  expect(hierarchy?.own).toBe("/sys/fs/cgroup/memory/inner");
});
