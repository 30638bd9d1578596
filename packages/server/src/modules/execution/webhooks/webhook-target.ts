/** Where a webhook may go: which URLs are accepted, and to which address a delivery connects. */
import { Resolver } from "node:dns/promises";
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { isPublicAddress } from "./public-address.ts";

export type WebhookTargets = {
  /** Why the URL is refused at once, in words for the user; undefined: it may be tried. */
  refusalOf(url: string): string | undefined;
  /**
   * The one address to connect to. The name is resolved once, here, so that what was checked is what is used.
   * @throws TargetRefused when one of its addresses is not public; other errors when the name can't be resolved
   */
  addressOf(url: URL): Promise<string>;
};

/** A URL that deliveries never go to; the message is for the user. */
export class TargetRefused extends Error {
  override readonly name = "TargetRefused";
}

export type TargetOptions = {
  /** The setting WEBHOOK_ALLOWED_HOSTS: `host` or `host:port`, lower case. These may be private. */
  readonly allowedHosts: readonly string[];
  /** Host names of this server. */
  readonly ownHosts: readonly string[];
  /** All addresses of a name; by the DNS, without the thread pool that files and hashes use. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
  /** This machine's addresses. */
  readonly ownAddresses?: () => readonly string[];
};

const DNS_TIMEOUT_MS = 2000;
const MAX_URL = 2048;

/** Ports of services that misread HTTP (the WHATWG fetch standard's bad ports above 1023). */
const BAD_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);
const mayBePort = (port: number): boolean => port === 80 || port === 443 || (port >= 1024 && !BAD_PORTS.has(port));

const resolveByDns = async (hostname: string): Promise<readonly string[]> => {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const [failed] = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  if (addresses.length === 0) throw failed;
  return addresses;
};

const addressesOfInterfaces = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));

/** The host without the brackets of IPv6 and without a last dot. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/gu, "").replace(/\.$/u, "");
const portOf = ({ port, protocol }: URL): number => (port === "" ? (protocol === "https:" ? 443 : 80) : Number(port));

export const createWebhookTargets = (options: TargetOptions): WebhookTargets => {
  const { allowedHosts, ownHosts, resolve = resolveByDns, ownAddresses = addressesOfInterfaces } = options;

  const isAllowed = (url: URL): boolean => {
    const host = hostOf(url);
    const name = isIP(host) === 6 ? `[${host}]` : host;
    return allowedHosts.includes(name) || allowedHosts.includes(`${name}:${portOf(url)}`);
  };
  const isOwn = (address: string): boolean => {
    const own = new BlockList();
    for (const each of ownAddresses()) if (isIP(each) !== 0) own.addAddress(each, isIP(each) === 6 ? "ipv6" : "ipv4");
    return own.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  };
  const refusalOfAddress = (address: string): string | undefined =>
    isPublicAddress(address) && !isOwn(address) ? undefined : "Webhooks go to addresses of the public internet only.";

  /** What can be said without the DNS. The URL parser has turned all forms of an IPv4 address (decimal, octal, hex) into one. */
  const refusalOfUrl = (url: URL): string | undefined => {
    if (url.protocol !== "https:" && url.protocol !== "http:")
      return "A webhook's URL begins with https:// or http://.";
    if (url.username !== "" || url.password !== "") return "A webhook's URL has no user name and no password.";
    if (isAllowed(url)) return undefined;
    if (!mayBePort(portOf(url))) return "Webhooks go to the ports 80, 443 and those from 1024 on.";
    const host = hostOf(url);
    if (isIP(host) !== 0) return refusalOfAddress(host);
    const isName = host.includes(".") && !/(?:^|\.)(?:localhost|local|internal|arpa|onion|invalid|test)$/u.test(host);
    if (!isName || ownHosts.includes(host)) return "Webhooks go to hosts of the public internet only.";
    return undefined;
  };

  return {
    refusalOf(text) {
      if (text.length > MAX_URL || !URL.canParse(text))
        return "A webhook's URL is a whole URL of up to 2048 characters.";
      return refusalOfUrl(new URL(text));
    },
    async addressOf(url) {
      const refused = refusalOfUrl(url);
      if (refused !== undefined) throw new TargetRefused(refused);
      const host = hostOf(url);
      if (isIP(host) !== 0) return host;
      // The operator named this host: its address may be in the machine's own files.
      if (isAllowed(url)) return (await lookup(host)).address;
      const addresses = await resolve(host);
      for (const address of addresses) {
        const reason = refusalOfAddress(address);
        if (reason !== undefined) throw new TargetRefused(reason);
      }
      const [first] = addresses;
      if (first === undefined) throw new Error("The host has no address.");
      return first;
    },
  };
};
