import type { Member, ShareLink } from "@atelier/contracts";
import { expect, it } from "vitest";
import { expiryIn, linkFacts, peopleBy, shareAddress } from "./share-words.ts";

const nowMs = Date.UTC(2026, 10, 23, 12);
const link = (id: string, expiresAt?: string): ShareLink => ({
  id,
  role: "editor",
  createdAt: "2026-11-01T00:00:00.000Z",
  url: null,
  people: 0,
  ...(expiresAt === undefined ? {} : { expiresAt }),
});
const member = (userId: string, linkId?: string): Member => ({
  userId,
  name: userId,
  role: "editor",
  since: "2026-11-01T00:00:00.000Z",
  ...(linkId === undefined ? {} : { linkId }),
});

it("hands on the public address, or the page's own when the server knows none", () => {
  const page = { origin: "http://192.168.1.7:3000", basePath: "/code" };
  const own = "http://192.168.1.7:3000/code/s/abc";
  expect(shareAddress({ token: "abc", url: "http://localhost:3000/code/s/abc" }, page)).toBe(own);
  expect(shareAddress({ token: "abc", url: null }, page)).toBe(own);
  const told = "https://code.example.org/s/abc";
  expect(shareAddress({ token: "abc", url: told }, page)).toBe(told);
});

it("counts the people who are in by a link, and nobody else", () => {
  const members = [member("owner"), member("ada", "one"), member("bob", "one"), member("eve", "two")];
  expect([peopleBy(link("one"), members), peopleBy(link("three"), members)]).toEqual([2, 0]);
});

it("says how long a link still lets people in", () => {
  expect(linkFacts(link("one"), { people: 0, nowMs })).toBe("");
  expect(linkFacts(link("one"), { people: 1, nowMs })).toBe("1 person");
  const soon = expiryIn(7, nowMs);
  expect(linkFacts(link("one", soon), { people: 2, nowMs, locale: "en-GB" })).toBe("2 people · until 30 Nov");
  expect(linkFacts(link("one", soon), { people: 0, nowMs: nowMs + 7 * 24 * 3600 * 1000 })).toBe("expired");
  expect(expiryIn(0, nowMs)).toBeUndefined();
});
