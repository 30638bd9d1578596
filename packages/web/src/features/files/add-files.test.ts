import { describe, expect, it } from "vitest";
import { contentOf } from "./add-files.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("contentOf", () => {
  it("sends UTF-8 as text, with its byte order mark and line ends", () => {
    const text = "\uFEFFzwölf\r\n日本\n";
    expect(contentOf(new TextEncoder().encode(text))).toEqual({ content: text });
    expect(contentOf(bytes())).toEqual({ content: "" });
  });

  it("sends invalid UTF-8, and text with a NUL, as base64", () => {
    expect(contentOf(bytes(0xff, 0xfe, 65))).toEqual({ content: "//5B", encoding: "base64" });
    expect(contentOf(bytes(65, 0, 66))).toEqual({ content: "QQBC", encoding: "base64" });
  });

  it("handles many bytes", () => {
    const large = new Uint8Array(300_000).fill(0xff);
    const { content, encoding } = contentOf(large);
    expect(encoding).toBe("base64");
    expect(Buffer.from(content, "base64").equals(Buffer.from(large))).toBe(true);
  });
});
