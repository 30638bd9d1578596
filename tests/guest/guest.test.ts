/** Both tiers on a kernel with version 2 cgroups only, as most machines have, as root and as an ordinary user. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { prepareGuest, runMachine, whyNoMachine } from "./machine.ts";
import { heldBytes } from "../../packages/server/src/platform/sandboxes/contract/socket-filler.ts";
import {
  type GuestReport,
  type GuestTier,
  programsOf,
  sharesProcessor,
  type Situation,
  situations,
} from "./situations.ts";

const parts = {
  image: process.env["ATELIER_TEST_IMAGE"] ?? "",
  tools: process.env["ATELIER_TEST_GUEST_TOOLS"] ?? process.env["ATELIER_TEST_TOOLS"] ?? "",
  guest: process.env["ATELIER_TEST_GUEST"] ?? "",
};
const absent = [parts.image, join(parts.tools, "runsc"), parts.guest].some((path) => !existsSync(path));
const lacking =
  absent && process.arch === "x64"
    ? "set ATELIER_TEST_IMAGE, ATELIER_TEST_TOOLS and ATELIER_TEST_GUEST"
    : await whyNoMachine(parts.guest);

/** For a machine that is busy with other things; in the guest itself time goes by instructions, and every wait is bounded. */
const patience = { wholeMs: 40 * 60_000, silenceMs: 5 * 60_000 };

const reports: GuestReport[] = [];
/** Why machines did not come to their end. */
const faults: unknown[] = [];

/** All situations, or those that a shorter run selects. */
const named = process.env["ATELIER_TEST_GUEST_SITUATIONS"]?.split(",");
const chosen = situations.filter(({ name }) => named === undefined || named.includes(name));
if (named !== undefined && chosen.length !== named.length) throw new Error(`not all of ${named.join()} are situations`);

/** So many runs of programs there have to be: a table that lost its rows must not pass. */
const fewestPrograms = named === undefined ? 60 : chosen.length * 2;

/** The one report of its kind; a guest that said nothing, or said it twice, fails here. */
const reported = <Kind extends GuestReport["kind"]>(
  kind: Kind,
  of: { readonly situation: string; readonly tier?: GuestTier; readonly name?: string },
): Extract<GuestReport, { kind: Kind }> => {
  const found = reports.filter(
    (line): line is Extract<GuestReport, { kind: Kind }> =>
      line.kind === kind && Object.entries(of).every(([key, value]) => Reflect.get(line, key) === value),
  );
  const [first] = found;
  if (first === undefined || found.length !== 1) throw new Error(`${found.length} reports of ${JSON.stringify(of)}`);
  return first;
};

const testTier = (situation: Situation, tier: GuestTier): void => {
  const of = { situation: situation.name, tier };

  test.each(programsOf(situation, tier))("$name", ({ name, ends, says, holdsBytes }) => {
    const { end, stdout, stderr, residue, memoryPeakBytes } = reported("program", { ...of, name });
    expect(ends, `${JSON.stringify(end)} ${stdout} ${stderr}`).toContainEqual(end);
    expect(stdout).toContain(says);
    expect(residue, "left in the guest").toEqual([]);
    const mostBytes = holdsBytes ?? Number.POSITIVE_INFINITY;
    // Ended as out of memory: its sockets hold nothing any more.
    const isMeasured = holdsBytes !== undefined && end.kind === "exited";
    expect(isMeasured ? heldBytes(stdout) : 0).toBeLessThanOrEqual(mostBytes);
    // Where limits are polled, a peak is seen and not prevented.
    const share = situation.limits === "cgroup" && holdsBytes !== undefined ? memoryPeakBytes / holdsBytes : 1;
    // The kernel charges some buffers, and what it allocates for a process that it kills, beyond the limit: 5 % were seen.
    expect(share).toBeLessThanOrEqual(1.1);
    // Without the buffers of its sockets the program is much smaller: they are charged to it.
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  test(`limits are ${situation.limits}, and what a lost server leaves behind is removed`, () => {
    const { limits, cgroupsIn, orphans, residue } = reported("provider", of);
    expect(limits).toBe(situation.limits);
    const folder = situation.cgroupsIn;
    expect(cgroupsIn).toBe(folder === undefined ? undefined : join("/sys/fs/cgroup", folder));
    expect(orphans).toBe(1);
    expect(residue, "left in the guest").toEqual([]);
  });

  // Elsewhere doctor is asked about cgroups alone.
  if (situation.programs !== "all") return;
  test("doctor boots it, and says how limits are enforced", () => {
    const { lines } = reported("doctor", { situation: situation.name });
    expect(lines.find((line) => line.split(" ")[1] === `${tier}:`)).toMatch(
      situation.limits === "cgroup"
        ? /^good .* works: .*limits enforced by cgroups$/u
        : /^worse .* works: .*limits polled/u,
    );
  });
};

const testShare = (situation: Situation, tier: GuestTier): void => {
  if (!sharesProcessor(situation, tier)) return;
  test("[I54] a busy server has eight parts of the processor, and a busy run one", () => {
    const { weights, ofServer } = reported("share", { situation: situation.name, tier });
    // An eighth of the usual 100; within it, 16 times the usual: the run is short until it has used a quarter of a second.
    expect(weights).toEqual({ sandboxes: 13, runs: [1600] });
    expect(ofServer).toBeGreaterThan(0.8);
    expect(ofServer).toBeLessThan(0.95);
  });
};

describe.skipIf(lacking !== undefined)(
  `version 2 cgroups in an emulated machine${lacking ? ` (${lacking})` : ""}`,
  () => {
    beforeAll(async () => {
      await using disks = await prepareGuest(parts);
      const machines = Map.groupBy(chosen, ({ machine }) => machine);
      const runs = [...machines.values()].map((members) =>
        runMachine({ parts, disks, patience, situations: members, report: (line) => reports.push(line) }),
      );
      for (const run of await Promise.allSettled(runs)) if (run.status === "rejected") faults.push(run.reason);
    }, patience.wholeMs + 120_000);

    test("the machines came to their end, with a report of every situation and no fault of their own", () => {
      expect(faults).toEqual([]);
      expect(reports.filter(({ kind }) => kind === "fault")).toEqual([]);
      expect(reports.filter(({ kind }) => kind === "program").length).toBeGreaterThanOrEqual(fewestPrograms);
      const ended = reports.filter(({ kind }) => kind === "leftovers").map(({ situation }) => situation);
      expect(ended.toSorted()).toEqual(chosen.map(({ name }) => name).toSorted());
    });

    describe.each(chosen)("$name", (situation) => {
      describe.each(situation.tiers)("%s", (tier) => {
        testTier(situation, tier);
        testShare(situation, tier);
      });

      test("doctor says what cgroups there are", () => {
        const { lines } = reported("doctor", { situation: situation.name });
        expect(lines.find((line) => line.includes(" cgroups: "))).toMatch(
          situation.limits === "cgroup" ? /^good .*version 2/u : /^worse .*polled/u,
        );
      });

      test("nothing is left on the machine", () => {
        expect(reported("leftovers", { situation: situation.name }).left).toEqual([]);
      });
    });
  },
);
