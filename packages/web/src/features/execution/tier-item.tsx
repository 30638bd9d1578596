/** Which isolation programs run in here, in the status bar. */
import type { Tier } from "@atelier/contracts";
import { useApp } from "../../app/services.ts";

const TIERS: Readonly<Record<NonNullable<Tier>, { readonly name: string; readonly words: string }>> = {
  microvm: { name: "microVM", words: "Programs run in a virtual machine of their own" },
  gvisor: { name: "gVisor", words: "Programs run in gVisor: a kernel of their own, without network" },
  namespaces: { name: "Namespaces", words: "Programs run in namespaces with seccomp, without network" },
};

export const TierItem = () => {
  const { tier } = useApp().boot;
  if (!tier) return null;
  return (
    <span className="status-item" title={TIERS[tier].words}>
      {TIERS[tier].name}
    </span>
  );
};
