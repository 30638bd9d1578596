/** The sealed names of previews. */
import { describe, expect, test } from "vitest";
import { createId } from "#kernel/ids";
import { createPreviewNames } from "./preview-names.ts";

const KEY = Buffer.alloc(32, 7);
const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 28, 5, 17);

describe("the name of a preview", () => {
  test("[PV1] is a DNS label that opens as what it was made of, for an hour at least and an hour and a half at most", () => {
    let now = START;
    const names = createPreviewNames(KEY, () => now);
    let opened = 0;
    for (let round = 0; round < 300; round += 1) {
      now = START + round * 977 * MINUTE;
      const given = { projectId: createId(now + round * 31), signInId: createId(now - round * 7919) };
      const { label, expiresMs } = names.seal(given);
      expect(label).toMatch(/^[a-z0-9]{1,63}$/u);
      expect(expiresMs - now).toBeGreaterThanOrEqual(60 * MINUTE);
      expect(expiresMs - now).toBeLessThanOrEqual(90 * MINUTE);
      expect(names.open(label)).toEqual({ ...given, expiresMs });
      opened += 1;
      now = expiresMs - 1;
      expect(names.open(label)).toBeDefined();
      for (const later of [0, 1, 60 * MINUTE, 85 * 24 * 60 * MINUTE, 4096 * 30 * MINUTE - 60 * MINUTE]) {
        now = expiresMs + later;
        expect(names.open(label)).toBeUndefined();
      }
    }
    expect(opened).toBe(300);
  });

  test("[PV1] stays the same for some time, and differs by project, sign-in and server", () => {
    let now = START;
    const names = createPreviewNames(KEY, () => now);
    const [projectId, signInId, other] = [createId(), createId(), createId()];
    const first = names.seal({ projectId, signInId }).label;
    now += 10 * MINUTE;
    expect(names.seal({ projectId, signInId }).label).toBe(first);
    now += 30 * MINUTE;
    expect(names.seal({ projectId, signInId }).label).not.toBe(first);
    expect(names.seal({ projectId: other, signInId }).label).not.toBe(first);
    expect(names.seal({ projectId, signInId: other }).label).not.toBe(first);
    expect(createPreviewNames(Buffer.alloc(32, 8), () => now).open(first)).toBeUndefined();
  });

  test("[PV2] no changed character opens, and it shows neither id", () => {
    const names = createPreviewNames(KEY, () => START);
    const given = { projectId: createId(START), signInId: createId(START) };
    const { label } = names.seal(given);
    let tried = 0;
    for (let at = 0; at < label.length; at += 1)
      for (const digit of "0123456789abcdefghijklmnopqrstuvwxyz") {
        const changed = label.slice(0, at) + digit + label.slice(at + 1);
        if (changed === label) continue;
        tried += 1;
        expect(names.open(changed)).toBeUndefined();
      }
    expect(tried).toBe(62 * 35);
    for (const odd of ["", "z".repeat(62), "0".repeat(62), `${label}0`, label.toUpperCase(), "xn--abc", "../x"])
      expect(names.open(odd)).toBeUndefined();
    // Two projects of one moment share the first half of their ids; their names share nothing that could show it.
    const twin = names.seal({ ...given, projectId: createId(START) }).label;
    let equal = 0;
    for (let at = 0; at < label.length; at += 1) equal += label[at] === twin[at] ? 1 : 0;
    expect(equal).toBeLessThan(20);
  });

  test("[PV2] only ids of version 7 have a name", () => {
    const names = createPreviewNames(KEY, () => START);
    expect(() => names.seal({ projectId: "9f0f7b8e-7d6a-4c0e-9d33-6f9d3f1f5a10", signInId: createId() })).toThrow(
      "version 7",
    );
  });
});
