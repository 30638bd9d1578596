import type { ImportReport } from "@atelier/contracts";
import { expect, it } from "vitest";
import { importText, progressText, skippedLines } from "./import-words.ts";

const report: ImportReport = {
  imported: 1200,
  created: 1199,
  updated: 1,
  unchanged: 0,
  folders: 0,
  strippedFolder: "repo-main",
  skipped: [{ path: "../x", reason: "path-invalid", detail: "No." }],
  skippedCount: 1,
};

it("says what came in, what was replaced, what was left away and what was skipped", () => {
  expect(importText("repo.zip", report)).toBe(
    "repo.zip: 1,200 files came in. 1 existing file got a new version. The folder repo-main around them was left away. 1 entry skipped.",
  );
  const plain = { ...report, imported: 1, updated: 0, strippedFolder: null, skipped: [], skippedCount: 0 };
  expect(importText("a.zip", plain)).toBe("a.zip: 1 file came in.");
  expect(skippedLines(report)).toEqual(["../x: No."]);
});

it("tells how far the upload is, and then that the server unpacks", () => {
  expect([progressText("a.zip", 0.439), progressText("a.zip", 1)]).toEqual([
    "a.zip: sending, 43 %",
    "a.zip: unpacking…",
  ]);
});
