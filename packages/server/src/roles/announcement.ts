/** What a person who started the server reads: where it is, how programs are isolated, how to become administrator. */
import type { Tier } from "@atelier/contracts";

export type Announcement = {
  readonly address: string;
  readonly tier: Tier;
  /** Why there is no tier, or why not a better one. */
  readonly tierReason?: string | undefined;
  readonly adminLink?: string | undefined;
  readonly hasPage: boolean;
};

const TIER_NAMES = {
  microvm: "microVM (its own kernel)",
  gvisor: "gVisor (its own kernel in user space)",
  namespaces: "namespaces (bubblewrap and seccomp; the kernel is shared)",
} as const;

export const announce = (facts: Announcement): string[] => [
  `Atelier listens on ${facts.address}`,
  ...(facts.hasPage ? [] : ["  The page is not built: only the API answers. Build it with `npm start`."]),
  facts.tier === null ? "  Programs can't run here." : `  Programs run in ${TIER_NAMES[facts.tier]}.`,
  ...(facts.tierReason === undefined ? [] : [`  ${facts.tierReason}`]),
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
