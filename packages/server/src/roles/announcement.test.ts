/** What is printed at the end of a start says what works, what does not and why, and nothing that is not so. */
import { expect, test } from "vitest";
import { announce } from "./announcement.ts";

const facts = {
  address: "http://127.0.0.1:3000/",
  hasPage: true,
  isPreparing: false,
  refused: [],
  limitsArePolled: false,
} as const;

test("where everything works, the address and the tier are all there is to say", () => {
  expect(announce({ ...facts, tier: "gvisor" })).toEqual([
    "Atelier listens on http://127.0.0.1:3000/",
    "  Programs run in gVisor (its own kernel in user space).",
  ]);
});

test("a weaker tier comes with why not the stronger one, and polled limits are called that", () => {
  const refused = [{ tier: "gvisor", reason: "it did not answer" }];
  const lines = announce({ ...facts, tier: "namespaces", refused, limitsArePolled: true });
  expect(lines[1]).toContain("the kernel is shared");
  expect(lines[2]).toBe("  Not in gvisor: it did not answer");
  expect(lines[3]).toMatch(/limits are polled/u);
});

test("while something is being set up, nothing is reported as missing", () => {
  const lines = announce({ ...facts, tier: null, isPreparing: true });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/can't run yet.*being set up/u);
});

test("without any tier every reason is told, and that editing works", () => {
  const refused = [{ tier: "gvisor", reason: "runsc is not here" }, { tier: "namespaces" }];
  const lines = announce({ ...facts, tier: null, refused, adminLink: "http://x/#admin=1" });
  expect(lines[1]).toMatch(/can't run here yet; editing and saving work.*doctor/u);
  expect(lines.slice(2, 4)).toEqual(["  Not in gvisor: runsc is not here", "  Not in namespaces: the probe failed"]);
  expect(lines.at(-1)).toBe("  http://x/#admin=1");
});
