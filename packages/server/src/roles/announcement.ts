/** The text for the person who started the server: its address, how programs are isolated, how to become administrator. */
import type { Tier } from "@atelier/contracts";

export type Announcement = {
  readonly address: string;
  readonly tier: Tier;
  /** Tiers that are stronger than the one in use, or all tiers, with the reason why each is unavailable. */
  readonly refused: readonly { readonly tier: string; readonly reason?: string }[];
  /** The server has no right to create cgroups. */
  readonly limitsArePolled: boolean;
  readonly adminLink?: string | undefined;
  readonly hasPage: boolean;
  /** The image or the tools are still being set up. */
  readonly isPreparing: boolean;
};

const TIER_NAMES = {
  microvm: "microVM (its own kernel)",
  gvisor: "gVisor (its own kernel in user space)",
  namespaces: "namespaces (bubblewrap and seccomp; the kernel is shared)",
} as const;

/** The tier that programs run in, or why they can't run. */
export const announceIsolation = (
  facts: Pick<Announcement, "tier" | "refused" | "limitsArePolled" | "isPreparing">,
): string[] =>
  facts.isPreparing
    ? ["  Programs can't run yet: the image and tools are still being set up. Editing and saving work."]
    : [
        facts.tier === null
          ? "  Programs can't run here yet; editing and saving work. To see what is missing: npm run atelier -- doctor"
          : `  Programs run in ${TIER_NAMES[facts.tier]}.`,
        ...facts.refused.map(({ tier, reason = "the probe failed" }) => `  ${tier} is unavailable: ${reason}`),
        ...(facts.limitsArePolled
          ? [
              "  Their memory and CPU limits are polled, not enforced by the kernel. How to change that: npm run atelier -- doctor",
            ]
          : []),
      ];

export const announce = (facts: Announcement): string[] => [
  `Atelier listens on ${facts.address}`,
  ...(facts.hasPage ? [] : ["  The page is not built: only the API works. Build it with `npm start`."]),
  ...announceIsolation(facts),
  ...(facts.adminLink === undefined ? [] : ["  Become the administrator, once, with", `  ${facts.adminLink}`]),
];

/** The address that a browser on this machine can open. */
export const localAddress = (where: {
  readonly host: string;
  readonly port: number;
  readonly https: boolean;
  readonly basePath: string;
}): string => {
  const any = where.host === "0.0.0.0" || where.host === "::";
  const host = any ? "localhost" : where.host.includes(":") ? `[${where.host}]` : where.host;
  return `${where.https ? "https" : "http"}://${host}:${where.port}${where.basePath}/`;
};

/** True for an address that other machines can reach. */
export const isPublicHost = (host: string): boolean =>
  !(host === "localhost" || host === "::1" || host.startsWith("127."));
