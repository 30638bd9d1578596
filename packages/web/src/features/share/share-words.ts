/** How links and people are put into words in the share dialog. */
import type { GrantedRole, Member, ShareLink } from "@atelier/contracts";

export const ROLE_WORDS: Readonly<Record<GrantedRole, string>> = { editor: "can edit", viewer: "can view" };

/** After how many days a new link lets nobody new in; 0: never. */
export const EXPIRIES: readonly { readonly days: number; readonly label: string }[] = [
  { days: 0, label: "Until revoked" },
  { days: 1, label: "For a day" },
  { days: 7, label: "For a week" },
  { days: 30, label: "For 30 days" },
];

const DAY_MS = 24 * 3600 * 1000;

export const expiryIn = (days: number, nowMs: number): string | undefined =>
  days > 0 ? new Date(nowMs + days * DAY_MS).toISOString() : undefined;

const LOOPBACK = /^(?:localhost|127\..*|\[::1\])$/u;

/** The address to hand on. A server that was not told its public one names localhost: where this page came from is better. */
export const shareAddress = (
  { token = "", url }: Pick<ShareLink, "token" | "url">,
  page: { readonly origin: string; readonly basePath: string },
): string => {
  const own = new URL(`${page.basePath}/s/${token}`, page.origin).href;
  return url === null || LOOPBACK.test(new URL(url).hostname) ? own : url;
};

export const peopleCount = (count: number): string => (count === 1 ? "1 person" : `${count} people`);

export const peopleBy = (link: ShareLink, members: readonly Member[]): number =>
  members.filter(({ linkId }) => linkId === link.id).length;

/** `2 people · until 3 Dec`, `expired`: what is worth saying about a link beside its role. */
export const linkFacts = (
  link: ShareLink,
  { people, nowMs, locale }: { readonly people: number; readonly nowMs: number; readonly locale?: string },
): string => {
  const facts = people > 0 ? [peopleCount(people)] : [];
  if (link.expiresAt !== undefined) {
    const ends = new Date(link.expiresAt);
    const day = ends.toLocaleDateString(locale, { day: "numeric", month: "short" });
    facts.push(ends.getTime() <= nowMs ? "expired" : `until ${day}`);
  }
  return facts.join(" · ");
};
