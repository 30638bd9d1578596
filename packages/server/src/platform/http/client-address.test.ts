/** The address for which a request counts. */
import { describe, expect, it } from "vitest";
import { addressKey, clientAddress, parseTrustedProxies, type TrustedProxies } from "./client-address.ts";

const trusting = (text: string): TrustedProxies => {
  const parsed = parseTrustedProxies(text);
  if (parsed === undefined) throw new Error(`${text} was refused`);
  return parsed;
};

describe("the client's address", () => {
  it.each([
    ["off", "10.0.0.1", "1.2.3.4", "10.0.0.1"],
    ["on", "10.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["on", "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["2", "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"],
    ["2", "10.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["on", "10.0.0.1", "not an address", "10.0.0.1"],
    ["on", "::ffff:10.0.0.1", undefined, "10.0.0.1"],
    ["loopback", "127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["loopback", "203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["loopback, 10.0.0.0/8", "127.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"],
    ["private", "10.0.0.1", "fe80::1, garbage, 10.1.1.1", "10.0.0.1"],
    ["::1/128", "::1", "2001:db8::7", "2001:db8::7"],
  ])("with TRUST_PROXY=%s, from %s, saying %s, is %s", (setting, socket, forwarded, expected) => {
    expect(clientAddress(socket, forwarded, trusting(setting))).toBe(expected);
  });

  it("refuses invalid settings", () => {
    for (const text of ["everybody", "10.0.0.0/40", "10.0.0", "true", "-1"])
      expect(parseTrustedProxies(text), text).toBeUndefined();
  });

  it("counts an IPv6 host by its /64", () => {
    expect(addressKey("2001:0db8:0:1::7")).toBe("2001:db8:0:1::/64");
    expect(addressKey("2001:db8:0:1:ffff:1:2:3")).toBe("2001:db8:0:1::/64");
    expect(addressKey("2001:db8:0:2::7")).not.toBe(addressKey("2001:db8:0:1::7"));
    expect(addressKey("1.2.3.4")).toBe("1.2.3.4");
  });
});
