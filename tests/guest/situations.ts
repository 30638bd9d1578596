/** The situations that the emulated machine tests: the user, the tiers and the programs. Imports no test library, because the guest reads it too. */
import type { SandboxEnd } from "../../packages/server/src/modules/execution/run/ports.ts";
import type { TestProgram } from "../../packages/server/src/platform/sandboxes/contract/harness.ts";
import { limitCases } from "../../packages/server/src/platform/sandboxes/contract/limit-cases.ts";
import { programCases } from "../../packages/server/src/platform/sandboxes/contract/programs.ts";
import { fillingProgram } from "../../packages/server/src/platform/sandboxes/contract/socket-filler.ts";

const mebibyte = 1024 * 1024;

export type GuestTier = "namespaces" | "gvisor";

/** Somebody who starts a server on a machine with version 2 cgroups, and what must be true for them. */
export type Situation = {
  readonly name: string;
  readonly limits: "cgroup" | "polled";
  /** Where sandboxes get their cgroups, below what the situation sees as /sys/fs/cgroup; undefined: nowhere. */
  readonly cgroupsIn: string | undefined;
  readonly tiers: readonly GuestTier[];
  /** Every program and all of doctor, or only what shows that limits hold. */
  readonly programs: "all" | "few";
  /** Situations of one number share a machine; machines run side by side. */
  readonly machine: number;
};

const both: readonly GuestTier[] = ["namespaces", "gvisor"];

/** `inside/main.sh` makes these cgroups, in this order; the names are the same there. */
export const situations: readonly Situation[] = [
  // A unit of systemd's, as docs/operations.md has it.
  {
    name: "root",
    limits: "cgroup",
    cgroupsIn: "system.slice/atelier.service",
    tiers: both,
    programs: "all",
    machine: 1,
  },
  // What doctor advises: systemd-run --user --scope -p Delegate=yes.
  {
    name: "delegated",
    limits: "cgroup",
    cgroupsIn: "user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope",
    tiers: both,
    programs: "all",
    machine: 2,
  },
  // An ordinary user's login session.
  { name: "polled", limits: "polled", cgroupsIn: undefined, tiers: both, programs: "all", machine: 3 },
  // A terminal's scope, in which something else of the user's runs and must be left as it is.
  {
    name: "terminal",
    limits: "polled",
    cgroupsIn: undefined,
    tiers: ["namespaces"],
    programs: "few",
    machine: 1,
  },
  // Root's login session, which must be left as it is.
  { name: "root-session", limits: "cgroup", cgroupsIn: "", tiers: ["namespaces"], programs: "few", machine: 2 },
  // A container that may change its own cgroup.
  { name: "container", limits: "cgroup", cgroupsIn: "", tiers: ["namespaces"], programs: "few", machine: 3 },
];

/** A row of the providers' contract, with what an emulated processor is spared. */
export type GuestProgram = {
  readonly name: string;
  readonly program: TestProgram;
  readonly ends: readonly SandboxEnd[];
  readonly says: string;
  /** Absent: every tier of the situation. */
  readonly tier?: GuestTier;
  /** The most that sockets may hold, and the run's memory may have been; absent: not judged. */
  readonly holdsBytes?: number;
};

/** The sandboxes' own sizes; smaller than the contract's, since filling them costs time. */
export const guestSizes = { memoryBytes: 128 * mebibyte, diskBytes: 16 * mebibyte, diskInodes: 1024 } as const;

/**
 * Rows of the contract by name, in the order in which they run; the values are limits that differ from the row's. Each is
 * the next run of the one before it, and the last is an ordinary one.
 */
const chosen: Readonly<Record<string, TestProgram["limits"]>> = {
  "hello in C": {},
  "3 GB of memory is out of memory, not signal 9": { memoryBytes: 96 * mebibyte },
  "an endless sleep ends at the wall limit": {},
  "a fork bomb is held by the process limit and ends with its main process": { processes: 8 },
  "busy loops in several processes share the CPU limit": {},
  "endless output ends at the output limit": {},
  "a full project folder says so": {},
  "a daemonised child does not hold the run open": {},
  "hello in Python": {},
};

const socketBytes = 64 * mebibyte;

/** Version 2 charges the buffers of sockets to the run's cgroup. Without a limit they would hold more than 700 MiB. */
const socketRows = (["datagram", "accepted"] as const).map((kind): GuestProgram => ({
  name: `450 pairs of ${kind === "datagram" ? "UDP sockets" : "TCP connections"} in each of 8 processes stay within the run's memory`,
  program: {
    ...fillingProgram({ kind, processes: 8, pairs: 450, messages: 10, messageBytes: 50_000 }),
    limits: { memoryBytes: socketBytes },
  },
  ends: [
    { kind: "exited", exitCode: 0 },
    { kind: "limit", limit: "memory" },
  ],
  says: "",
  // gVisor's network stack is in its own memory, which is limited wherever the program's is.
  tier: "namespaces",
  holdsBytes: socketBytes,
}));

const few = ["3 GB of memory is out of memory, not signal 9", "hello in Python"];

const rows: readonly GuestProgram[] = [
  ...programCases.map(({ name, program, stdout, end }) => ({ name, program, ends: [end], says: stdout ?? "" })),
  ...limitCases.map(({ name, program, ends, says }) => ({ name, program, ends, says: says ?? "" })),
];

const allPrograms = Object.entries(chosen).map(([name, limits]): GuestProgram => {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`the contract has no row "${name}"`);
  return { ...row, program: { ...row.program, limits: { ...row.program.limits, ...limits } } };
});

/** The programs of one situation, in the order in which they run. */
export const programsOf = (situation: Situation, tier: GuestTier): readonly GuestProgram[] =>
  situation.programs === "all"
    ? [...socketRows, ...allPrograms].filter((row) => (row.tier ?? tier) === tier)
    : allPrograms.filter(({ name }) => few.includes(name));

/** Whether the situation shows how a busy server and a busy run share the processor: once is enough, and only cgroups have weights. */
export const sharesProcessor = ({ limits, programs }: Situation, tier: GuestTier): boolean =>
  limits === "cgroup" && programs === "all" && tier === "namespaces";

/** What the guest saw of one run; the host judges it. */
export type ProgramReport = {
  readonly kind: "program";
  readonly situation: string;
  readonly tier: GuestTier;
  readonly name: string;
  readonly end: SandboxEnd;
  readonly stdout: string;
  readonly stderr: string;
  readonly memoryPeakBytes: number;
  /** What was left on the machine after it. */
  readonly residue: readonly string[];
  readonly tookMs: number;
};

/** What the guest saw of a provider besides programs. */
export type ProviderReport = {
  readonly kind: "provider";
  readonly situation: string;
  readonly tier: GuestTier;
  readonly limits: string;
  /** The folder in which sandboxes get their cgroups. */
  readonly cgroupsIn: string | undefined;
  /** What was found and removed of a sandbox whose server is gone, and what was left then. */
  readonly orphans: number;
  readonly residue: readonly string[];
};

/** What the guest saw of how a server and a busy run share the only processor. */
export type ShareReport = {
  readonly kind: "share";
  readonly situation: string;
  readonly tier: GuestTier;
  /** `cpu.weight` of all sandboxes together, and of each. */
  readonly weights: { readonly sandboxes: number; readonly runs: readonly number[] };
  /** The busy server's part of the processor, from 0 to 1. */
  readonly ofServer: number;
};

/** What doctor says there, one line a finding. */
export type DoctorReport = { readonly kind: "doctor"; readonly situation: string; readonly lines: readonly string[] };

/** What is on the machine that was not there before the situation. */
export type LeftoverReport = {
  readonly kind: "leftovers";
  readonly situation: string;
  readonly left: readonly string[];
};

/** Something broke in the guest's own runner. */
export type FaultReport = { readonly kind: "fault"; readonly situation: string; readonly message: string };

/** The providers' contract, run by vitest in the guest: `npm run guest`. */
export type ContractReport = {
  readonly kind: "contract";
  readonly situation: string;
  readonly passed: number;
  readonly skipped: number;
  /** Name and first lines of each failure. */
  readonly failures: readonly string[];
};

/** One line from the guest. */
export type GuestReport =
  | ContractReport
  | ProgramReport
  | ProviderReport
  | ShareReport
  | DoctorReport
  | LeftoverReport
  | FaultReport;
