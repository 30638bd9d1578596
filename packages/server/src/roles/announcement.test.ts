/** The text at the end of a start names what works, what does not and why. */
import { expect, test } from "vitest";
import { announce } from "./announcement.ts";

const facts = {
  address: "http://127.0.0.1:3000/",
  hasPage: true,
  isPreparing: false,
  refused: [],
  limitsArePolled: false,
} as const;

test("when everything works, only the address and the tier are printed", () => {
  expect(announce({ ...facts, tier: "gvisor" })).toEqual([
    "Atelier listens on http://127.0.0.1:3000/",
    "  Programs run in gVisor (its own kernel in user space).",
  ]);
});

test("a weaker tier is printed with the reason why a stronger one is unavailable, and polled limits are reported", () => {
  const refused = [{ tier: "gvisor", reason: "it did not respond" }];
  const lines = announce({ ...facts, tier: "namespaces", refused, limitsArePolled: true });
  expect(lines[1]).toContain("the kernel is shared");
  expect(lines[2]).toBe("  gvisor is unavailable: it did not respond");
  expect(lines[3]).toMatch(/limits are polled/u);
});

test("during the setup nothing is reported as missing", () => {
  const lines = announce({ ...facts, tier: null, isPreparing: true });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/can't run yet.*being set up/u);
});

test("without any tier every reason is printed, and that editing works", () => {
  const refused = [{ tier: "gvisor", reason: "runsc is missing" }, { tier: "namespaces" }];
  const lines = announce({ ...facts, tier: null, refused, adminLink: "http://x/#admin=1" });
  expect(lines[1]).toMatch(/can't run here yet; editing and saving work.*doctor/u);
  expect(lines.slice(2, 4)).toEqual([
    "  gvisor is unavailable: runsc is missing",
    "  namespaces is unavailable: the probe failed",
  ]);
  expect(lines.at(-1)).toBe("  http://x/#admin=1");
});
