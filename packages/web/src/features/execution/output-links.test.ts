import { describe, expect, it } from "vitest";
import { createOutputBuffer } from "./output-buffer.ts";
import { resolvePrintedPath } from "@atelier/contracts/error-positions";
import { errorPosition, findLinks, findOutputLinks, findWebLinks } from "./output-links.ts";
import { plainPreview, plainText } from "./plain-output.ts";

const paths = ["main.py", "src/app.ts", "src/lib/app.ts", "hello.c"];

describe("findOutputLinks", () => {
  it.each([
    ['  File "/project/main.py", line 9, in <module>', { path: "main.py", line: 9 }],
    ["    at run (file:///project/src/app.ts:12:5)", { path: "src/app.ts", line: 12, column: 5 }],
    ["hello.c:3:10: error: expected ';'", { path: "hello.c", line: 3, column: 10 }],
    ["src/lib/app.ts(4,2): error TS1005", { path: "src/lib/app.ts", line: 4, column: 2 }],
    ["./main.py: line 7: oops", { path: "main.py", line: 7 }],
  ])("finds the position in %s", (text, expected) => {
    const [link, ...more] = findOutputLinks(text, paths);
    expect(link).toMatchObject(expected);
    expect(more).toEqual([]);
  });

  it("marks exactly the words that are the link", () => {
    const text = "see hello.c:3:10 now";
    const [link] = findOutputLinks(text, paths);
    expect(text.slice(link?.start, link?.end)).toBe("hello.c:3:10");
  });

  it("links no file that the project does not have, and no time of day", () => {
    expect(findOutputLinks("/usr/lib/python3/random.py:3", paths)).toEqual([]);
    expect(findOutputLinks("12:30:45 done", paths)).toEqual([]);
  });

  it("finds several in one line, from left to right", () => {
    expect(findOutputLinks("hello.c:1 then main.py:2", paths).map(({ path }) => path)).toEqual(["hello.c", "main.py"]);
  });

  it("does not look through a line that is data", () => {
    expect(findOutputLinks(`hello.c:1 ${"a.".repeat(900)}`, paths)).toHaveLength(1);
    expect(findOutputLinks(`hello.c:1 ${"a.".repeat(1000)}`, paths)).toEqual([]);
  });
});

describe("findWebLinks", () => {
  it.each([
    ["see https://example.org/a?b=c#d now", "https://example.org/a?b=c#d"],
    ["(https://example.org/a).", "https://example.org/a"],
    [
      "https://en.wikipedia.org/wiki/C_(programming_language), and",
      "https://en.wikipedia.org/wiki/C_(programming_language)",
    ],
    ['<a href="http://localhost:8080/">', "http://localhost:8080/"],
    ["[http://[::1]:3000/x]", "http://[::1]:3000/x"],
    ["https://example.org/\u202Egpj.exe", "https://example.org/"],
  ])("finds the address in %s", (text, address) => {
    const found = findWebLinks(text);
    expect(found.map((link) => text.slice(link.start, link.end))).toEqual([address]);
    expect(found).toMatchObject([{ address }]);
  });

  it.each(["javascript:alert(1)", "file:///etc/passwd", "https://", "xhttp://a", "www.example.org"])(
    "links nothing else: %s",
    (text) => expect(findWebLinks(text)).toEqual([]),
  );

  it("an address that ends like a position in a file is an address", () => {
    const text = "http://localhost/hello.c:3 and hello.c:3";
    expect(findLinks(text, paths).map(({ start, end }) => text.slice(start, end))).toEqual([
      "http://localhost/hello.c:3",
      "hello.c:3",
    ]);
  });
});

describe("resolvePrintedPath", () => {
  it("prefers the longest path that the printed one ends with", () => {
    expect(resolvePrintedPath("/project/src/lib/app.ts", [...paths, "app.ts"])).toBe("src/lib/app.ts");
    expect(resolvePrintedPath("app.ts", ["src/app.ts"])).toBe("src/app.ts");
    expect(resolvePrintedPath("app.ts", paths)).toBeUndefined();
    expect(resolvePrintedPath("/usr/app.ts", ["src/usr/app.ts"])).toBeUndefined();
  });
});

describe("errorPosition", () => {
  it("is the last frame of a traceback that is printed from the outside in", () => {
    const output = 'File "main.py", line 2\nFile "main.py", line 9\nValueError: x\n';
    expect(errorPosition(output, paths)).toMatchObject({ path: "main.py", line: 9 });
  });

  it("is the first frame of the user's own code in a stack that is printed from the inside out", () => {
    const output = [
      "/project/src/app.ts:1",
      "Error: x",
      "    at check (node:internal/errors:1:2)",
      "    at use (/project/node_modules/lib/src/app.ts:7:1)",
      "    at deep (/project/src/lib/app.ts:4:9)",
      "    at async run (file:///project/src/app.ts:12:5)",
      "    at node:internal/main:3:1",
      "",
      "Node.js v24.1.0",
    ].join("\n");
    expect(errorPosition(output, [...paths, "node_modules/lib/src/app.ts"])).toMatchObject({
      path: "src/lib/app.ts",
      line: 4,
    });
  });

  it("is a compiler's first error, not what follows from it", () => {
    const output = "hello.c:2:1: warning: w\nhello.c:3:10: error: a\nhello.c:3:10: note: n\nhello.c:9:1: error: b\n";
    expect(errorPosition(output, paths)).toMatchObject({ path: "hello.c", line: 3, column: 10 });
  });

  it("is nothing where no file is named", () => {
    expect(errorPosition("boom\n", paths)).toBeUndefined();
  });
});

describe("long output", () => {
  it("that names no position is looked through in a moment", () => {
    const text = `${"x".repeat(79)}\n`.repeat(52_000);
    const begun = performance.now();
    expect(errorPosition(text, ["main.py"])).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(1500);
  });
});

describe("plainText", () => {
  it("removes colours, titles and cursor moves, and keeps the last state of a progress line", () => {
    expect(plainText("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\r\n")).toBe("red x\n");
    expect(plainText("10%\r20%\r100%\ndone")).toBe("100%\ndone");
    expect(plainText("a\n10%\r20%\nb\rc")).toBe("a\n20%\nc");
    // Reads each character once: seconds, if it did not.
    expect(plainText("y".repeat(4_000_000))).toHaveLength(4_000_000);
  });
});

describe("plainPreview", () => {
  it("is the whole of short output, and the last whole lines of long output", () => {
    expect(plainPreview("\u001b[1mshort\u001b[0m\n")).toBe("short\n");
    const lines = Array.from({ length: 64_000 }, (_, index) => `line ${index}`);
    const preview = plainPreview(lines.join("\n"));
    expect(preview.length).toBeGreaterThan(60_000);
    expect(preview.length).toBeLessThanOrEqual(64 * 1024);
    expect(preview.split("\n")).toEqual(lines.slice(-preview.split("\n").length));
  });
});

describe("output buffer", () => {
  it("replays to a late listener and keeps a character together that came in two chunks", () => {
    const buffer = createOutputBuffer();
    const bytes = new TextEncoder().encode("é!");
    buffer.append(bytes.subarray(0, 1));
    buffer.append(bytes.subarray(1));
    const heard: number[] = [];
    buffer.subscribe((chunk) => heard.push(chunk?.length ?? -1));
    expect(heard).toEqual([1, 2]);
    expect(buffer.text()).toBe("é!");
  });

  it("is bounded and drops the oldest first", () => {
    const buffer = createOutputBuffer();
    for (let count = 0; count < 9; count += 1) buffer.append(new Uint8Array(1024 * 1024).fill(48 + count));
    expect(buffer.sizeBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(buffer.text().endsWith("8")).toBe(true);
  });
});
