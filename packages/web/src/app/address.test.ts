import { describe, expect, it } from "vitest";
import { fileQuery, parseAddress } from "./address.ts";

const parse = (path: string, basePath = "") => parseAddress(new URL(path, "http://host"), basePath);

describe("parseAddress", () => {
  it.each([
    ["/", { kind: "home" }],
    ["/new/python", { kind: "new", template: "python" }],
    ["/p/a-b", { kind: "project", slug: "a-b" }],
    ["/p/a?file=src/a.ts:12", { kind: "project", slug: "a", file: { path: "src/a.ts", line: 12 } }],
    ["/p/a?file=src/a.ts", { kind: "project", slug: "a", file: { path: "src/a.ts" } }],
    ["/s/token%20x", { kind: "share", token: "token x" }],
    ["/p/a/b", { kind: "unknown" }],
    ["/dashboard", { kind: "unknown" }],
    ["/p/%E0%A4%A", { kind: "project", slug: "%E0%A4%A" }],
  ])("understands %s", (path, expected) => {
    expect(parse(path)).toEqual(expected);
  });

  it("works below a base path", () => {
    expect(parse("/code", "/code")).toEqual({ kind: "home" });
    expect(parse("/code/p/x", "/code")).toEqual({ kind: "project", slug: "x" });
  });
});

describe("fileQuery", () => {
  it.each(["main.py", "src/a b.ts", "odd/ä&?#+%.txt", "ends:12", "ends:12:3", "日本.py"])(
    "is read back as the path: %s",
    (path) => {
      const address = parse(`/p/x${fileQuery(path)}`);
      expect(address).toMatchObject({ kind: "project", slug: "x", file: { path } });
    },
  );

  it("keeps slashes readable", () => {
    expect(fileQuery("src/a.py")).toBe("?file=src/a.py");
  });
});
