/** The Origin headers that name this server. */
import { describe, expect, it } from "vitest";
import { isOwnOrigin, type OriginRules } from "./own-origin.ts";

const direct: OriginRules = { proxied: false, https: false };
const host = { host: "code.example:8080" };

describe("isOwnOrigin", () => {
  it("compares scheme, host and port with the Host header and the server's own scheme", () => {
    expect(isOwnOrigin("http://code.example:8080", host, direct)).toBe(true);
    expect(isOwnOrigin("https://code.example:8080", host, { ...direct, https: true })).toBe(true);
    expect(isOwnOrigin("https://code.example", { host: "code.example" }, { ...direct, https: true })).toBe(true);
    for (const foreign of [
      "https://code.example:8080",
      "ws://code.example:8080",
      "ftp://code.example:8080",
      "http://code.example",
      "http://code.example:8081",
      "http://evil.example:8080",
      "null",
      "",
      "file:///code.example",
    ])
      expect(isOwnOrigin(foreign, host, direct), foreign).toBe(false);
    expect(isOwnOrigin("http://code.example:8080", host, { ...direct, https: true }), "downgrade").toBe(false);
  });

  it("uses X-Forwarded-Proto and X-Forwarded-Host only of a trusted proxy", () => {
    const headers = { ...host, "x-forwarded-proto": "https, http", "x-forwarded-host": "outside.example" };
    const proxied = { ...direct, proxied: true };
    expect(isOwnOrigin("https://outside.example", headers, proxied)).toBe(true);
    expect(isOwnOrigin("http://outside.example", headers, proxied)).toBe(false);
    expect(isOwnOrigin("https://outside.example", headers, direct)).toBe(false);
    expect(isOwnOrigin("http://code.example:8080", host, proxied), "a proxy without these headers").toBe(true);
  });

  it("accepts PUBLIC_URL with its scheme", () => {
    const rules = { proxied: false, https: true, publicUrl: "https://code.example" };
    expect(isOwnOrigin("https://code.example", { host: "10.0.0.1:3000" }, rules)).toBe(true);
    expect(isOwnOrigin("http://code.example", { host: "code.example" }, rules)).toBe(false);
  });
});
