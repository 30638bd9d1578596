/** Programs can run as soon as image and tools exist, also after the start. */
import type { SandboxProvider } from "#platform/sandboxes";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { SandboxChoice } from "./sandbox-choice.ts";
import { createSandboxWatch } from "./sandbox-watch.ts";
import { readSetupState, type SetupState } from "./setup-state.ts";

const LOOK_MS = 1000;
const none: SandboxChoice = { provider: undefined, tier: null, verdicts: [] };

const open = (
  facts: { setup?: SetupState; inventory?: string; works?: () => boolean; isSlow?: boolean; permit?: () => void } = {},
) => {
  const clock = createManualClock();
  let disposed = 0;
  const provider = {
    tier: "gvisor",
    [Symbol.asyncDispose]: async () => void disposed++,
  } as unknown as SandboxProvider;
  const chosen: SandboxChoice = { provider, tier: "gvisor", verdicts: [{ tier: "gvisor", works: true }] };
  const state = { setup: facts.setup ?? { pending: [], faults: [] }, inventory: facts.inventory ?? "" };
  let tries = 0;
  const answered = Promise.withResolvers<undefined>();
  const announced: (string | null)[] = [];
  const watch = createSandboxWatch({
    async choose() {
      tries++;
      if (facts.isSlow === true) await answered.promise;
      return (facts.works?.() ?? state.inventory.includes("image")) ? chosen : none;
    },
    inventory: async () => state.inventory,
    readSetup: async () => state.setup,
    permit: facts.permit ?? (() => undefined),
    clock,
    log: silentLog,
    announce: ({ tier }) => announced.push(tier),
  });
  const used: SandboxProvider[] = [];
  const start = async (): Promise<void> => {
    await watch.start(new AbortController().signal);
    await watch.first();
    watch.onProvider((one) => used.push(one));
  };
  const pass = async (ms = LOOK_MS): Promise<void> => {
    clock.advance(ms);
    await watch.idle();
  };
  const answer = (): void => answered.resolve(undefined);
  return { answer, watch, state, start, pass, used, provider, announced, tries: () => tries, disposed: () => disposed };
};

describe("where programs run", () => {
  it("is chosen at the start when image and tools exist, and not probed again", async () => {
    const world = open({ inventory: "image" });
    await world.start();
    expect([world.used, world.watch.choice.tier]).toEqual([[world.provider], "gvisor"]);
    await world.pass(60_000);
    expect([world.tries(), world.announced]).toEqual([1, []]);
    await world.watch[Symbol.asyncDispose]();
    expect(world.disposed()).toBe(1);
  });

  it("is found when the image exists, is announced, and used without a restart", async () => {
    const world = open();
    await world.start();
    expect(world.used).toEqual([]);
    expect(world.watch.reason()).toMatch(/can't run on this server yet/u);
    await world.pass();
    // A failed probe is not repeated before something has changed.
    expect(world.tries()).toBe(1);
    world.state.inventory = "image";
    await world.pass();
    expect([world.used, world.announced]).toEqual([[world.provider], ["gvisor"]]);
    await world.pass(60_000);
    expect([world.used.length, world.tries()]).toEqual([1, 2]);
  });

  it("uses a stronger tier as soon as it works, where it did not work at the start", async () => {
    const clock = createManualClock();
    const disposed: string[] = [];
    const provider = (tier: string) =>
      ({ tier, [Symbol.asyncDispose]: async () => void disposed.push(tier) }) as unknown as SandboxProvider;
    const [weak, strong] = [provider("namespaces"), provider("gvisor")];
    const refused = { tier: "gvisor", works: false, reason: "runsc is missing" } as const;
    let [inventory, works] = ["image, bwrap", false];
    const asked: unknown[] = [];
    const announced: unknown[] = [];
    const watch = createSandboxWatch({
      async choose(strongerThan) {
        asked.push(strongerThan);
        if (works) return { provider: strong, tier: "gvisor", verdicts: [{ tier: "gvisor", works: true }] };
        if (strongerThan !== null) return { ...none, verdicts: [refused] };
        return { provider: weak, tier: "namespaces", verdicts: [refused, { tier: "namespaces", works: true }] };
      },
      inventory: async () => inventory,
      readSetup: async () => ({ pending: [], faults: [] }),
      permit: () => undefined,
      clock,
      log: silentLog,
      announce: ({ tier }) => announced.push(tier),
    });
    const used: SandboxProvider[] = [];
    const look = async (): Promise<void> => {
      clock.advance(30_000);
      await watch.idle();
    };
    await watch.start(new AbortController().signal);
    await watch.first();
    watch.onProvider((one) => used.push(one));
    await look();
    expect([asked, used]).toEqual([[null], [weak]]);
    // The tool is there and does not work: nothing changes.
    inventory += ", runsc";
    await look();
    await look();
    expect([asked, used, watch.choice.tier, announced]).toEqual([[null, "namespaces"], [weak], "namespaces", []]);
    [inventory, works] = [`${inventory} 2`, true];
    await look();
    expect([used, watch.choice.tier, announced, disposed]).toEqual([[weak, strong], "gvisor", ["gvisor"], []]);
    inventory += " 3";
    await look();
    expect(asked).toEqual([null, "namespaces", "namespaces"]);
    await watch[Symbol.asyncDispose]();
    expect(disposed).toEqual(["namespaces", "gvisor"]);
  });

  it("is not chosen while the setup goes on, and the reason says what is missing", async () => {
    const world = open({ inventory: "image", setup: { pending: ["Tools (gVisor)"], faults: [] }, isSlow: true });
    await world.start();
    expect([world.tries(), world.watch.isPreparing]).toEqual([0, true]);
    expect(world.watch.reason()).toMatch(/still setting up \(Tools \(gVisor\)\)/u);
    await world.pass();
    expect(world.tries()).toBe(0);
    world.state.setup = { pending: [], faults: [] };
    const passing = world.pass();
    await vi.waitFor(() => expect(world.tries()).toBe(1));
    // The new image is being probed: until then the setup counts as running.
    expect(world.watch.isPreparing).toBe(true);
    world.answer();
    await passing;
    expect([world.used, world.watch.isPreparing]).toEqual([[world.provider], false]);
  });

  it("says that the setup failed, without the machine's details, and continues to probe", async () => {
    const world = open({ setup: { pending: ["Base language image"], faults: [] } });
    await world.start();
    const message = "/var/cache/atelier/images: the disk is full (ENOSPC)";
    world.state.setup = { pending: [], faults: [{ step: "Base language image", message }] };
    await world.pass();
    expect(world.watch.reason()).toMatch(/its setup failed \(Base language image\)/u);
    expect(world.watch.reason()).not.toContain("ENOSPC");
    world.state.inventory = "image";
    await world.pass();
    expect(world.used).toEqual([world.provider]);
  });

  it("survives probes that fail", async () => {
    let fails = true;
    const world = open({
      works: () => {
        if (fails) throw new Error("planted");
        return true;
      },
      setup: { pending: ["System packages"], faults: [] },
    });
    await world.start();
    world.state.setup = { pending: [], faults: [] };
    await world.pass();
    expect(world.used).toEqual([]);
    fails = false;
    world.state.inventory = "image";
    await world.pass();
    expect(world.used).toEqual([world.provider]);
  });

  it("ends a start whose only tier is too weak, and does not use one that comes later", async () => {
    const permit = (): never => {
      throw new Error("too weak for a public address");
    };
    const early = open({ inventory: "image", permit });
    await early.watch.start(new AbortController().signal);
    await expect(early.watch.first()).rejects.toThrow("too weak");
    expect(early.disposed()).toBe(1);
    const late = open({ permit: () => (late.state.inventory === "" ? undefined : permit()) });
    await late.start();
    late.state.inventory = "image";
    await late.pass();
    expect([late.used, late.disposed(), late.watch.choice.tier, late.announced]).toEqual([[], 1, null, [null]]);
    expect(late.watch.choice.verdicts[0]).toMatchObject({ works: false, reason: "too weak for a public address" });
  });

  it("stops probing when the server stops, also in the middle of a probe", async () => {
    const world = open();
    await world.start();
    world.state.inventory = "image";
    const passing = world.pass();
    await world.watch[Symbol.asyncDispose]();
    await passing;
    expect([world.used, world.disposed()]).toEqual([[], 1]);
    await world.pass(60_000);
    expect(world.tries()).toBe(2);
  });
});

describe("the file of a setup that continues in the background", () => {
  let folder = "";
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is read as it is written; without the file or the setting nothing is being set up", async () => {
    folder = await mkdtemp(join(tmpdir(), "setup-"));
    const file = join(folder, "setup.json");
    const nothing = { pending: [], faults: [] };
    expect(await readSetupState(undefined)).toEqual(nothing);
    expect(await readSetupState(file)).toEqual(nothing);
    const state = { pending: ["Tools (gVisor)"], faults: [{ step: "System packages", message: "no network" }] };
    await writeFile(file, JSON.stringify(state));
    expect(await readSetupState(file)).toEqual(state);
    await writeFile(file, "{");
    await expect(readSetupState(file)).rejects.toThrow(SyntaxError);
  });
});
