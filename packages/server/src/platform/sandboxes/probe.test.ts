/** The probe: files missing, sandboxes refused, and the sentence that says why. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import type { SandboxProvider } from "./ports.ts";
import { probeTiers } from "./probe.ts";
import { SandboxUnavailable } from "./sandbox-unavailable.ts";

const folder = mkdtempSync(`${tmpdir()}/atelier-probe-`);
afterAll(() => rmSync(folder, { recursive: true }));

let closed = 0;
const refusing: SandboxProvider = {
  tier: "namespaces",
  limitsEnforcement: "polled",
  boot: () => Promise.reject(new SandboxUnavailable("bubblewrap did not start.")),
  adopt: () => Promise.reject(new SandboxUnavailable("there is none")),
  removeOrphans: () => Promise.resolve(0),
  [Symbol.asyncDispose]: () => {
    closed += 1;
    return Promise.resolve();
  },
};

test("a tool that is missing is named, and nothing is tried", async () => {
  const verdicts = await probeTiers({
    candidates: [{ tier: "gvisor", needs: [`${folder}/runsc`], open: () => Promise.reject(new Error("tried")) }],
    imageFolder: `${folder}/image`,
  });
  expect(verdicts).toEqual([
    { tier: "microvm", available: false, reason: "The microVM tier is not built yet." },
    { tier: "gvisor", available: false, reason: `${folder}/runsc is missing.` },
  ]);
});

test("a sandbox that does not boot makes the tier unavailable, whatever else is there", async () => {
  const [, verdict] = await probeTiers({
    candidates: [{ tier: "namespaces", needs: [], open: () => refusing }],
    imageFolder: `${folder}/image`,
    hostSetting: () => undefined,
  });
  expect(verdict).toEqual({
    tier: "namespaces",
    available: false,
    reason: "A sandbox could not be used: bubblewrap did not start.",
  });
  expect(closed).toBe(1);
});

test("switched-off user namespaces are named as the cause", async () => {
  const [, verdict] = await probeTiers({
    candidates: [{ tier: "namespaces", needs: [], open: () => refusing }],
    imageFolder: `${folder}/image`,
    hostSetting: (path) => (path === "/proc/sys/user/max_user_namespaces" ? "0" : undefined),
  });
  expect(verdict).toMatchObject({ available: false, reason: expect.stringContaining("user.max_user_namespaces") });
});
