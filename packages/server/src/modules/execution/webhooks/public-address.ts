/** Which IP addresses belong to the public internet: all but the special-purpose ones of IANA's registries (RFC 6890) and clouds' own. */
import { BlockList, isIP } from "node:net";

/** https://www.iana.org/assignments/iana-ipv4-special-registry, with multicast and class E. */
const NOT_PUBLIC_IPV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  // Azure serves its machines at this address.
  ["168.63.129.16", 32],
] as const;

/**
 * Of IPv6 only 2000::/3 is in use for the public, and of it not these. So addresses that contain an IPv4 address (::ffff:0:0/96, ::/96,
 * 64:ff9b::/96, 2002::/16) and unique-local, link-local, site-local and multicast ones are refused.
 */
const NOT_PUBLIC_IPV6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3ffe::", 16],
  ["3fff::", 20],
] as const;

const listOf = (family: "ipv4" | "ipv6", subnets: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [address, bits] of subnets) list.addSubnet(address, bits, family);
  return list;
};
const notPublicIpv4 = listOf("ipv4", NOT_PUBLIC_IPV4);
const notPublicIpv6 = listOf("ipv6", NOT_PUBLIC_IPV6);
const globalUnicast = listOf("ipv6", [["2000::", 3]]);

/** @param address as the resolver gives it; anything that is no IP address is not public */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address);
  if (family === 4) return !notPublicIpv4.check(address, "ipv4");
  // An address with a zone (fe80::1%eth0) is one of this machine's links.
  if (family !== 6 || address.includes("%")) return false;
  return globalUnicast.check(address, "ipv6") && !notPublicIpv6.check(address, "ipv6");
};
