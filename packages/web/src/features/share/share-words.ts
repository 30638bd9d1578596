/** The texts for links and members in the share dialog. */
import type { GrantedRole, ShareLink } from "@atelier/contracts";

export const ROLE_WORDS: Readonly<Record<GrantedRole, string>> = { editor: "can edit", viewer: "can view" };

/** The days after which a new link expires; 0: never. */
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

/** The address to share. A server without a configured public address returns localhost: then the page's own origin is used. */
export const shareAddress = (
  { url }: Pick<ShareLink, "url">,
  page: { readonly origin: string; readonly basePath: string },
): string => {
  const { hostname, pathname } = new URL(url ?? "", page.origin);
  const token = pathname.slice(pathname.lastIndexOf("/") + 1);
  return url !== null && !LOOPBACK.test(hostname) ? url : new URL(`${page.basePath}/s/${token}`, page.origin).href;
};

export const peopleCount = (count: number): string => (count === 1 ? "1 person" : `${count} people`);

/** The consequence of revoking a link, shown in the confirmation in place of its row: so it names the link. */
export const revokeWords = (name: string, people: number): string =>
  people === 0
    ? `The ${name} will stop working.`
    : `The ${name} will stop working, and ${peopleCount(people)} will lose access.`;

const isExpired = ({ expiresAt }: ShareLink, nowMs: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;

export type RoleLinks = {
  readonly role: GrantedRole;
  /** The link to copy: the newest that has not expired. */
  readonly link: ShareLink | undefined;
  readonly others: readonly ShareLink[];
};

/** One row per role; further links of a role are below it. A link that can be copied comes before one that can't. */
export const linksByRole = (links: readonly ShareLink[], nowMs: number): RoleLinks[] =>
  (["editor", "viewer"] as const).map((role) => {
    const own = links
      .filter((link) => link.role === role)
      .toSorted((a, b) => Number(b.url !== null) - Number(a.url !== null) || b.createdAt.localeCompare(a.createdAt));
    const link = own.find((each) => !isExpired(each, nowMs));
    return { role, link, others: own.filter((each) => each !== link) };
  });

const dayWords = (time: string, locale: string | undefined): string =>
  new Date(time).toLocaleDateString(locale, { day: "numeric", month: "short" });

/** `2 people · until 3 Dec`, `expired`: facts about a link beside its role; a further link also has its date. */
export const linkFacts = (
  link: ShareLink,
  { nowMs, isOlder = false, locale }: { readonly nowMs: number; readonly isOlder?: boolean; readonly locale?: string },
): string => {
  const facts = link.people > 0 ? [peopleCount(link.people)] : [];
  if (link.expiresAt !== undefined) {
    facts.push(isExpired(link, nowMs) ? "expired" : `until ${dayWords(link.expiresAt, locale)}`);
  }
  if (isOlder) {
    const time = new Date(link.createdAt).toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
    facts.push(`of ${dayWords(link.createdAt, locale)}, ${time}`);
  }
  return facts.join(" · ");
};
