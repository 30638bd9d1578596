/** A tier is available when a program has run in it; a public address needs a strong one. */
import type { Sandbox, SandboxBlueprint, SandboxProvider } from "#platform/sandboxes";
import { describe, expect, it } from "vitest";
import { silentLog } from "#kernel/log";
import { refuseWeakSandbox } from "../listener.ts";
import { type Candidate, chooseSandbox, type TierName } from "./sandbox-choice.ts";

const said: string[] = [];
/** A provider that boots or not, and records its calls. */
const provider = (tier: TierName, answers: { bootFails?: string }): SandboxProvider => ({
  tier,
  limitsEnforcement: "cgroup",
  async boot() {
    if (answers.bootFails !== undefined) throw new Error(answers.bootFails);
    return { [Symbol.asyncDispose]: async () => void said.push(`${tier} sandbox gone`) } as Sandbox;
  },
  adopt: () => Promise.reject(new Error("there is none")),
  removeOrphans: async () => 0,
  [Symbol.asyncDispose]: async () => void said.push(`${tier} provider gone`),
});
const candidate = (tier: TierName, answers: Parameters<typeof provider>[1]): Candidate => ({
  tier,
  open: async () => provider(tier, answers),
});
const needs = {
  probe: async (tried: SandboxProvider) => {
    await (await tried.boot({} as SandboxBlueprint))[Symbol.asyncDispose]();
  },
  log: silentLog,
};

describe("the choice of a tier", () => {
  it("chooses the strongest tier that works and disposes its probe's sandbox", async () => {
    said.length = 0;
    const choice = await chooseSandbox([candidate("gvisor", {}), candidate("namespaces", {})], needs);
    expect([choice.tier, choice.verdicts]).toEqual(["gvisor", [{ tier: "gvisor", works: true }]]);
    expect(said).toEqual(["gvisor sandbox gone"]);
  });

  it("tries the next tier when the probe fails", async () => {
    said.length = 0;
    const answers = { bootFails: "no user namespaces\nlong story" };
    const choice = await chooseSandbox([candidate("gvisor", answers), candidate("namespaces", {})], needs);
    expect(choice.tier).toBe("namespaces");
    expect(choice.verdicts[0]).toEqual({ tier: "gvisor", works: false, reason: "no user namespaces" });
    expect(said).toContain("gvisor provider gone");
  });

  it("reports why there is none", async () => {
    const missing: Candidate = { tier: "gvisor", missing: "runsc is not installed" };
    const none = await chooseSandbox([missing], needs);
    expect([none.tier, none.provider, none.verdicts[0]?.reason]).toEqual([null, undefined, "runsc is not installed"]);
    const open = () => Promise.reject(new Error("no language image is built yet"));
    const bare = await chooseSandbox([{ tier: "gvisor", open }], needs);
    expect(bare.verdicts[0]?.reason).toMatch(/image/u);
  });
});

describe("a public address", () => {
  const weak = { tier: "namespaces", verdicts: [{ tier: "gvisor", works: false, reason: "no runsc" }] } as const;
  const at = (HOST: string, allowed = false) => ({ HOST, ATELIER_ALLOW_WEAK_SANDBOX: allowed });

  it("is refused with namespaces only, unless forced", () => {
    for (const host of ["0.0.0.0", "::", "203.0.113.1", "example.org"]) {
      expect(() => refuseWeakSandbox(at(host), weak), host).toThrow(
        /is public.*gvisor: no runsc.*ATELIER_ALLOW_WEAK_SANDBOX/u,
      );
    }
    expect(() => refuseWeakSandbox(at("0.0.0.0", true), weak)).not.toThrow();
    for (const host of ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
      expect(() => refuseWeakSandbox(at(host), weak), host).not.toThrow();
    expect(() => refuseWeakSandbox(at("0.0.0.0"), { tier: "gvisor", verdicts: [] })).not.toThrow();
    expect(() => refuseWeakSandbox(at("0.0.0.0"), { tier: null, verdicts: [] })).not.toThrow();
  });
});
