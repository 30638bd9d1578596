/** The program's part of a cgroup's memory, when it shares the cgroup with gVisor's kernel. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { createSandboxCgroup } from "./cgroups.ts";
import { MemoryInUse, type Meter } from "./meter.ts";

const parent = mkdtempSync(join(tmpdir(), "atelier-cgroups-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const MIB = 1 << 20;
const toolBytes = 64 * MIB;

type Usage = { readonly shared: number; readonly used: number; readonly peak: number };

const open = (
  version: 1 | 2,
  tool = toolBytes,
): { meter: Meter; tell: (usage: Usage) => void; limit: () => number } => {
  const root = mkdtempSync(join(parent, "root-"));
  mkdirSync(join(root, "atelier-x"));
  const layout = { version, memory: root, cpu: root, cpuacct: root, pids: undefined };
  const { meter } = createSandboxCgroup(layout, { parent: "atelier-x", id: "one" }, tool);
  const write = (name: string, text: string): void => writeFileSync(join(root, "atelier-x/one", name), text);
  const tell = ({ shared, used, peak }: Usage): void => {
    write("memory.stat", `anon 7\nshmem ${shared}\nactive_file 0\ninactive_file 0`);
    write(version === 1 ? "memory.usage_in_bytes" : "memory.current", String(used));
    write(version === 1 ? "memory.max_usage_in_bytes" : "memory.peak", String(peak));
    for (const name of ["memory.events", "memory.oom_control"]) write(name, "oom_kill 0");
    write("cpuacct.usage", "0");
    write("cpu.stat", "usage_usec 0");
  };
  const limitFile = version === 1 ? "memory.limit_in_bytes" : "memory.max";
  return { meter, tell, limit: () => Number(readFileSync(join(root, "atelier-x/one", limitFile), "utf8")) };
};

test.each([1, 2] as const)("version %i: only shared memory is the program's, the rest is its kernel's", (version) => {
  const { meter, tell, limit } = open(version);
  tell({ shared: 10 * MIB, used: 30 * MIB, peak: 30 * MIB });
  meter.begin(100 * MIB);
  expect(limit()).toBe(164 * MIB);
  expect(meter.measure()).toMatchObject({ memoryPeakBytes: 10 * MIB, memoryExceeded: false });
  // 90 MiB were allocated and freed between two measurements.
  tell({ shared: 5 * MIB, used: 25 * MIB, peak: 110 * MIB });
  expect(meter.measure()).toMatchObject({ memoryPeakBytes: 90 * MIB, memoryExceeded: false });
});

test.each([1, 2] as const)("version %i: memory above the limit counts when it was not given back", (version) => {
  const clock = vi.spyOn(performance, "now");
  try {
    const { meter, tell } = open(version);
    tell({ shared: 10 * MIB, used: 30 * MIB, peak: 30 * MIB });
    meter.begin(100 * MIB);
    const at = (ms: number, shared: number): { peak: number; exceeded: boolean } => {
      clock.mockReturnValue(ms);
      tell({ shared: shared * MIB, used: (shared + 20) * MIB, peak: 150 * MIB });
      const { memoryPeakBytes, memoryExceeded } = meter.measure();
      return { peak: memoryPeakBytes / MIB, exceeded: memoryExceeded };
    };
    expect(at(1000, 120)).toEqual({ peak: 100, exceeded: false });
    expect(at(1200, 120)).toEqual({ peak: 100, exceeded: false });
    expect(at(1240, 90)).toEqual({ peak: 100, exceeded: false });
    expect(at(1300, 101)).toEqual({ peak: 100, exceeded: false });
    expect(at(1550, 101)).toEqual({ peak: 100, exceeded: true });
  } finally {
    clock.mockRestore();
  }
});

test.each([1, 2] as const)("version %i: a sandbox that waits with more than the limit cannot begin", (version) => {
  const { meter, tell } = open(version);
  tell({ shared: 30 * MIB, used: 50 * MIB, peak: 50 * MIB });
  expect(() => meter.begin(29 * MIB)).toThrow(MemoryInUse);
  meter.begin(30 * MIB);
});

test.each([1, 2] as const)(
  "version %i: where the host's kernel runs the program, all memory is the program's",
  (version) => {
    const { meter, tell, limit } = open(version, 0);
    meter.begin(100 * MIB);
    tell({ shared: 5 * MIB, used: 30 * MIB, peak: 40 * MIB });
    expect(limit()).toBe(100 * MIB);
    expect(meter.measure()).toMatchObject({ memoryPeakBytes: 40 * MIB, memoryExceeded: false });
  },
);

test.each([
  [1, "cpu.shares", ["16384", "512", "2"]],
  [2, "cpu.weight", ["1600", "50", "1"]],
] as const)(
  "version %i: a weight is written to the kernel, and ignored when the cgroup was removed",
  (version, file, expected) => {
    const root = mkdtempSync(join(parent, "root-"));
    mkdirSync(join(root, "atelier-x"));
    const layout = { version, memory: root, cpu: root, cpuacct: root, pids: undefined };
    const { setCpuWeight } = createSandboxCgroup(layout, { parent: "atelier-x", id: "one" }, 0);
    setCpuWeight(16);
    const path = join(root, "atelier-x/one", file);
    writeFileSync(path, "");
    const written = [16, 0.5, 0.0001].map((weight) => {
      rmSync(path);
      writeFileSync(path, "");
      setCpuWeight(weight);
      return readFileSync(path, "utf8");
    });
    expect(written).toEqual(expected);
  },
);

test.each([
  [1, "cpu.shares", "128"],
  [2, "cpu.weight", "13"],
] as const)(
  "[I54] version %i: in a delegated cgroup all sandboxes together weigh less than the server, at the top as much as others",
  (version, file, expected) => {
    const weightOf = (more: { isDelegated?: true }): string => {
      const root = mkdtempSync(join(parent, "root-"));
      const path = join(root, "atelier-x", file);
      mkdirSync(join(root, "atelier-x"));
      writeFileSync(path, "");
      const layout = { version, memory: root, cpu: root, cpuacct: root, pids: undefined, ...more };
      createSandboxCgroup(layout, { parent: "atelier-x", id: "one" }, 0);
      return readFileSync(path, "utf8");
    };
    expect(weightOf({ isDelegated: true })).toBe(expected);
    expect(weightOf({})).toBe("");
  },
);
