import type { ShareLink } from "@atelier/contracts";
import { expect, it } from "vitest";
import { expiryIn, linkFacts, linksByRole, revokeWords, shareAddress } from "./share-words.ts";

const nowMs = Date.UTC(2026, 10, 23, 12);
const link = (id: string, changes: Partial<ShareLink> = {}): ShareLink => ({
  id,
  role: "editor",
  createdAt: "2026-11-01T00:00:00.000Z",
  url: `http://localhost:3000/code/s/${id}`,
  people: 0,
  ...changes,
});
it("uses the public address, or the page's own when the server has none", () => {
  const page = { origin: "http://192.168.1.7:3000", basePath: "/code" };
  const own = "http://192.168.1.7:3000/code/s/abc";
  expect(shareAddress({ url: "http://localhost:3000/code/s/abc" }, page)).toBe(own);
  const told = "https://code.example.org/s/abc";
  expect(shareAddress({ url: told }, page)).toBe(told);
});

it("gives each role one row, and tells links beyond it apart", () => {
  const [first, second, ended, hidden] = [
    link("first"),
    link("second", { createdAt: "2026-11-02T00:00:00.000Z" }),
    link("ended", { createdAt: "2026-11-03T00:00:00.000Z", expiresAt: "2026-11-04T00:00:00.000Z" }),
    link("hidden", { createdAt: "2026-11-05T00:00:00.000Z", url: null }),
  ];
  expect(linksByRole([first, second, ended, hidden], nowMs)).toEqual([
    { role: "editor", link: second, others: [ended, first, hidden] },
    { role: "viewer", link: undefined, others: [] },
  ]);
  const rows = [first, second, ended, hidden].map((each) => linkFacts(each, { nowMs, isOlder: true, locale: "en-GB" }));
  expect(new Set(rows).size).toBe(4);
});

it("shows until when a link can be used, and the effect of revoking it", () => {
  expect(linkFacts(link("one"), { nowMs })).toBe("");
  expect(linkFacts(link("one", { people: 1 }), { nowMs })).toBe("1 person");
  const expiresAt = expiryIn(7, nowMs) ?? "";
  expect(linkFacts(link("one", { people: 2, expiresAt }), { nowMs, locale: "en-GB" })).toBe("2 people · until 30 Nov");
  expect(linkFacts(link("one", { expiresAt }), { nowMs: nowMs + 7 * 24 * 3600 * 1000 })).toBe("expired");
  expect(expiryIn(0, nowMs)).toBeUndefined();
  expect([revokeWords("link that can view", 0), revokeWords("older link that can edit", 1)]).toEqual([
    "The link that can view will stop working.",
    "The older link that can edit will stop working, and 1 person will lose access.",
  ]);
});
