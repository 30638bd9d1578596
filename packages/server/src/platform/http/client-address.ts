/** The address for limits and the audit log: the socket's, or the one that trusted proxies send in X-Forwarded-For. */
import { BlockList, isIP } from "node:net";

/** `hops`: how many proxies in front append to X-Forwarded-For; `networks`: proxies by address or network. */
export type TrustedProxies =
  | { readonly kind: "none" }
  | { readonly kind: "hops"; readonly hops: number }
  | { readonly kind: "networks"; readonly networks: BlockList };

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** Reads TRUST_PROXY: `off`, `on` (one proxy), a number of proxies, or addresses and networks. undefined: not valid. */
export const parseTrustedProxies = (text: string): TrustedProxies | undefined => {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "" || trimmed === "off" || trimmed === "0") return { kind: "none" };
  if (trimmed === "on") return { kind: "hops", hops: 1 };
  if (/^\d{1,2}$/u.test(trimmed)) return { kind: "hops", hops: Number(trimmed) };
  const networks = new BlockList();
  for (const item of trimmed.split(",").flatMap((name) => NAMED[name.trim()] ?? [name.trim()])) {
    const [address = "", prefix] = item.split("/");
    const version = isIP(address);
    if (version === 0 || (prefix !== undefined && !/^\d{1,3}$/u.test(prefix))) return undefined;
    const width = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
    if (width > (version === 4 ? 32 : 128)) return undefined;
    networks.addSubnet(address, width, version === 4 ? "ipv4" : "ipv6");
  }
  return { kind: "networks", networks };
};

const plain = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address);
  return mapped?.[1] ?? address;
};

const trusts = (networks: BlockList, address: string): boolean => {
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 4 ? "ipv4" : "ipv6");
};

/** @param socketAddress the other end of the connection */
export const clientAddress = (
  socketAddress: string,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): string => {
  const direct = plain(socketAddress);
  if (trusted.kind === "none" || forwardedFor === undefined) return direct;
  const chain = [...forwardedFor.split(",").map((part) => plain(part.trim())), direct];
  if (trusted.kind === "hops") {
    const claimed = chain[Math.max(0, chain.length - 1 - trusted.hops)] ?? direct;
    return isIP(claimed) === 0 ? direct : claimed;
  }
  for (const address of chain.toReversed()) {
    if (isIP(address) === 0) return direct;
    if (!trusts(trusted.networks, address)) return address;
  }
  return chain[0] ?? direct;
};

/** The key of an address in limits: the /64 of an IPv6 address, because a host usually has a whole /64. */
export const addressKey = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/u, ""))
    .join(":")}::/64`;
};
