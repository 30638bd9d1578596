/** Chooses the isolation tier by a probe: a tier is available when a sandbox has booted and a program in it has responded in time. */
import { withDeadline } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { SandboxProvider } from "#platform/sandboxes";
import type { Tier } from "@atelier/contracts";

export type TierName = NonNullable<Tier>;

/** A tier that may work here: a function that opens its provider, or the reason why it is missing. */
export type Candidate = { readonly tier: TierName } & (
  | { readonly open: () => Promise<SandboxProvider> }
  | { readonly missing: string }
);

export type Verdict = { readonly tier: TierName; readonly works: boolean; readonly reason?: string };

export type SandboxChoice = {
  readonly provider: SandboxProvider | undefined;
  readonly tier: Tier;
  /** Strongest tier first. */
  readonly verdicts: readonly Verdict[];
};

const PROBE_DEADLINE_MS = 10_000;

/** @param candidates strongest first; weaker ones are not tried once one works */
export const chooseSandbox = async (
  candidates: readonly Candidate[],
  needs: {
    /** Boots a sandbox and waits for the response of a program in it. @throws Error with the reason of a failure */
    readonly probe: (provider: SandboxProvider) => Promise<void>;
    readonly log: Log;
  },
): Promise<SandboxChoice> => {
  const verdicts: Verdict[] = [];
  for (const candidate of candidates) {
    const { tier } = candidate;
    if ("missing" in candidate) {
      verdicts.push({ tier, works: false, reason: candidate.missing });
      continue;
    }
    let provider: SandboxProvider | undefined;
    try {
      provider = await candidate.open();
      await withDeadline(needs.probe(provider), PROBE_DEADLINE_MS);
      verdicts.push({ tier, works: true });
      needs.log.info("sandbox.tier", { tier, limits: provider.limitsEnforcement });
      return { provider, tier, verdicts };
    } catch (error) {
      needs.log.warn("sandbox.tier-unavailable", { tier, error });
      const reason = (error as Error).message.split("\n")[0] ?? "the probe failed";
      verdicts.push({ tier, works: false, reason });
      await provider?.[Symbol.asyncDispose]();
    }
  }
  return { provider: undefined, tier: null, verdicts };
};
