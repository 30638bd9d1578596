import { join } from "node:path/posix";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePath, PathSchema, pathTwinKey } from "@atelier/contracts";

const HOSTILE = [
  "..",
  ".",
  "../x",
  "a/../../x",
  "a/./b",
  "/etc/passwd",
  "a//b",
  "a/",
  "",
  "a\\..\\b",
  "a\0b",
  "a\nb",
  "a\u0085b",
  "\ud800",
  "x".repeat(256),
  "é".repeat(128),
  `${"d/".repeat(511)}abc`,
];
const piece = fc.constantFrom(
  ...HOSTILE,
  "a",
  "B",
  "é",
  "e\u0301",
  "\u212b",
  "\ufb01",
  "\u2024\u2024",
  "\uff0e\uff0e",
  "\uff0f",
  "con",
  "nul.txt",
  "\u202e",
  "\u{1f600}",
  "%2e%2e",
  " ",
);
const candidate = fc.oneof(
  fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join("/")),
  fc.string({ unit: "binary", maxLength: 40 }),
);

describe("[P19] paths", () => {
  test.each(HOSTILE)("refuses %j", (text) => {
    expect(parsePath(text)).toMatchObject({ ok: false });
    expect(PathSchema.safeParse(text).success).toBe(false);
  });

  test("an accepted path stays inside its folder, is in normal form, and has no part with a special meaning in a file system", () => {
    let passed = 0;
    fc.assert(
      fc.property(candidate, (text) => {
        const parsed = parsePath(text);
        const path = parsed.ok ? parsed.path : "refused";
        passed += parsed.ok ? 1 : 0;
        expect(parsePath(path)).toEqual({ ok: true, path });
        expect(join("/root", path)).toBe(`/root/${path}`);
        expect(path.normalize("NFC")).toBe(path);
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(1024);
        for (const segment of path.split("/")) {
          expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(255);
          expect(["", ".", ".."]).not.toContain(segment);
        }
        // Encoding and decoding keep the text: no character was replaced.
        expect(Buffer.from(path).toString()).toBe(path);
      }),
      { numRuns: 500 },
    );
    expect(passed).toBeGreaterThan(20);
  });

  test("twins in case and in Unicode form have the same key, and the key of a key is itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 10 }), (name) => {
        const key = pathTwinKey(name);
        expect(pathTwinKey(name.normalize("NFD"))).toBe(key);
        expect(pathTwinKey(name.toLowerCase())).toBe(key);
        expect(pathTwinKey(key)).toBe(key);
      }),
    );
    expect(pathTwinKey("STRASSE.TXT")).toBe(pathTwinKey("strasse.txt"));
    expect(pathTwinKey("CAFE\u0301")).toBe(pathTwinKey("café"));
  });
});
