/** Boots one sandbox of each tier, runs a program in it, and reports the result and the kind of limits. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../packages/server/src/kernel/log.ts";
import { createBubblewrapProvider } from "../../packages/server/src/platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "../../packages/server/src/platform/sandboxes/adapters/gvisor.ts";
import { buildInit, isInitBuilt } from "../../packages/server/src/platform/sandboxes/machine/build-init.ts";
import {
  probeTiers,
  type TierCandidate,
  type TierVerdict,
} from "../../packages/server/src/platform/sandboxes/probe.ts";
import { findProgram } from "../lib/command.mjs";
import { imageFolder } from "../lib/image.mjs";
import { cacheFolder, checkout } from "../lib/checkout.mjs";
import { toolsFolder } from "../lib/tools.mjs";
import type { Finding } from "./finding.ts";

const candidatesIn = (stateFolder: string, initPath: string): TierCandidate[] => {
  const runsc = join(toolsFolder(), "runsc");
  const bwrap = findProgram("bwrap") ?? "/usr/bin/bwrap";
  const shared = { initPath, warmUpFolder: join(checkout, "languages"), log: silentLog };
  return [
    {
      tier: "gvisor",
      needs: [runsc],
      open: () => createGvisorProvider({ ...shared, runsc, stateFolder: join(stateFolder, "gvisor") }),
    },
    {
      tier: "namespaces",
      needs: [bwrap],
      open: () => createBubblewrapProvider({ ...shared, bwrap, stateFolder: join(stateFolder, "namespaces") }),
    },
  ];
};

const describe = (verdict: TierVerdict): Finding => {
  if (!verdict.available) {
    // The microVM tier is not built yet, so its absence is no fault of the machine.
    return { state: verdict.tier === "microvm" ? "plain" : "worse", what: verdict.tier, says: verdict.reason };
  }
  const limits = verdict.limitsEnforcement === "cgroup" ? "limits enforced by cgroups" : "limits polled every 50 ms";
  const says = `works: booted, and a program in it responded, in ${verdict.tookMs.toFixed(0)} ms; ${limits}`;
  const state = verdict.limitsEnforcement === "cgroup" ? "good" : "worse";
  return { state, what: verdict.tier, says };
};

const conclude = (verdicts: readonly TierVerdict[]): Finding => {
  const best = verdicts.find((verdict) => verdict.available);
  if (best) return { state: "good", what: "→", says: `programs run in ${best.tier}` };
  return { state: "bad", what: "→", says: "programs cannot run here; editing and saving work" };
};

/** One finding for each tier, strongest first, and the tier that programs use. */
export const isolationFindings = async (): Promise<Finding[]> => {
  const imageRoot = join(imageFolder("base"), "rootfs");
  const init = {
    cacheFolder: join(cacheFolder(), "sandbox-init"),
    sourceFolder: join(checkout, "packages", "sandbox-init"),
  };
  if (!existsSync(imageRoot) && !isInitBuilt(init)) {
    return [{ state: "bad", what: "→", says: "nothing to boot: the base image is not built", remedy: "npm start" }];
  }
  const stateFolder = mkdtempSync(join(tmpdir(), "atelier-doctor-"));
  try {
    const initPath = await buildInit({ imageRoot, ...init });
    const probeImage = join(stateFolder, "probe-image");
    const verdicts = await probeTiers({ candidates: candidatesIn(stateFolder, initPath), imageFolder: probeImage });
    return [...verdicts.map(describe), conclude(verdicts)];
  } catch (error) {
    const says = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [{ state: "bad", what: "→", says }];
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
};
