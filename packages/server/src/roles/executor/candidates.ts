/** The isolation tiers that could work on this machine, strongest first; a probe then decides. */
import type { SandboxProvider } from "#platform/sandboxes";
import { findBubblewrap, findRunsc, type Folders } from "../folders.ts";
import type { Candidate, TierName } from "./sandbox-choice.ts";

export type CandidateNeeds = {
  readonly folders: Folders;
  /** SANDBOX: a tier by name is the only one considered. */
  readonly wanted: "auto" | TierName;
  openGvisor(program: string): Promise<SandboxProvider>;
  openNamespaces(program: string): Promise<SandboxProvider>;
};

export const findCandidates = async (needs: CandidateNeeds): Promise<Candidate[]> => {
  const runsc = await findRunsc(needs.folders.toolsDir);
  const bubblewrap = findBubblewrap();
  const all: Candidate[] = [
    runsc === undefined
      ? { tier: "gvisor", missing: "runsc is missing: npm start installs it where it can" }
      : { tier: "gvisor", open: () => needs.openGvisor(runsc) },
    bubblewrap === undefined
      ? { tier: "namespaces", missing: "bubblewrap is not installed" }
      : { tier: "namespaces", open: () => needs.openNamespaces(bubblewrap) },
  ];
  return all.filter(({ tier }) => needs.wanted === "auto" || needs.wanted === tier);
};
