import { describe, expect, it } from "vitest";
import { contentOf } from "./add-files.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("contentOf", () => {
  it("takes UTF-8 as text, with its byte order mark and line ends", () => {
    const text = "\uFEFFzwölf\r\n日本\n";
    expect(contentOf(new TextEncoder().encode(text))).toEqual({ content: text });
    expect(contentOf(bytes())).toEqual({ content: "" });
  });

  it("takes anything else as it is: what is no UTF-8, and what holds a NUL", () => {
    expect(contentOf(bytes(0xff, 0xfe, 65))).toEqual({ content: "//5B", encoding: "base64" });
    expect(contentOf(bytes(65, 0, 66))).toEqual({ content: "QQBC", encoding: "base64" });
  });

  it("does not choke on many bytes", () => {
    const large = new Uint8Array(300_000).fill(0xff);
    const { content, encoding } = contentOf(large);
    expect(encoding).toBe("base64");
    expect(Buffer.from(content, "base64").equals(Buffer.from(large))).toBe(true);
  });
});
