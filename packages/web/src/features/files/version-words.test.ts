import { expect, it } from "vitest";
import { agoWords, versionWords } from "./version-words.ts";

const MINUTE = 60_000;

it.each([
  [0, "just now"],
  [59_999, "just now"],
  [-5 * MINUTE, "just now"],
  [MINUTE, "1 minute ago"],
  [59 * MINUTE, "59 minutes ago"],
  [25 * 60 * MINUTE, "1 day ago"],
  [40 * 24 * 60 * MINUTE, "1 month ago"],
  [800 * 24 * 60 * MINUTE, "2 years ago"],
])("%i ms before is %s", (ms, words) => {
  expect(agoWords(1e12 - ms, 1e12)).toBe(words);
});

it("a version shows its number, its age and, if known, its author", () => {
  const version = { version: 3, hash: "", size: 1, createdAt: new Date(1e12).toISOString(), author: null };
  expect(versionWords(version, 1e12 + 2 * MINUTE)).toBe("Version 3 · 2 minutes ago");
  expect(versionWords({ ...version, author: { id: "a", name: "Ada" } }, 1e12)).toBe("Version 3 · just now · Ada");
});
