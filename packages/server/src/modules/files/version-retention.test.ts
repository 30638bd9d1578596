import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { versionsToThin, type VersionAge } from "./version-retention.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NOW_MS = 20_000 * DAY_MS + 12_345_678;

/** Versions in the order of their numbers; their times may be in another order, because clocks are set back. */
const history = fc
  .array(fc.integer({ min: 0, max: 60 * DAY_MS }), { maxLength: 60 })
  .chain((ages) =>
    fc.constantFrom(
      ages,
      ages.toSorted((a, b) => b - a),
    ),
  )
  .map((ages): VersionAge[] => ages.map((ageMs, index) => ({ version: index + 1, atMs: NOW_MS - ageMs })));

const after = (versions: readonly VersionAge[], nowMs: number): VersionAge[] => {
  const gone = new Set(versionsToThin(versions, nowMs));
  return versions.filter(({ version }) => !gone.has(version));
};

describe("thinning versions", () => {
  test("[P23] the newest and all versions of the last day are kept", () => {
    fc.assert(
      fc.property(history, (versions) => {
        const mustStay = versions.filter(({ version, atMs }) => version === versions.length || NOW_MS - atMs <= DAY_MS);
        expect(after(versions, NOW_MS)).toEqual(expect.arrayContaining(mustStay));
      }),
    );
  });

  test("[P23] of every ten minutes within 30 days, and of every older day, only the last version is kept", () => {
    fc.assert(
      fc.property(history, (versions) => {
        const kept = after(versions, NOW_MS);
        const windows = (list: readonly VersionAge[]): Map<string, number[]> => {
          const found = new Map<string, number[]>();
          for (const { version, atMs } of list) {
            const ageMs = NOW_MS - atMs;
            if (ageMs <= DAY_MS) continue;
            const key =
              ageMs <= 30 * DAY_MS ? `m${Math.floor(atMs / (10 * MINUTE_MS))}` : `d${Math.floor(atMs / DAY_MS)}`;
            found.set(key, [...(found.get(key) ?? []), version]);
          }
          return found;
        };
        const [all, left] = [windows(versions), windows(kept)];
        expect([...left.keys()].toSorted()).toEqual([...all.keys()].toSorted());
        for (const [key, numbers] of left) {
          const last = Math.max(...(all.get(key) ?? []));
          expect(numbers).toContain(last);
          expect(numbers.filter((version) => version !== versions.length)).toHaveLength(
            last === versions.length ? 0 : 1,
          );
        }
      }),
    );
  });

  test("[P23] thinning is idempotent, and repeated thinning has the same result as one thinning", () => {
    fc.assert(
      fc.property(history, fc.array(fc.integer({ min: 0, max: 90 * DAY_MS }), { maxLength: 8 }), (versions, waits) => {
        expect(versionsToThin(after(versions, NOW_MS), NOW_MS)).toEqual([]);
        let often = versions;
        let nowMs = NOW_MS;
        for (const waitMs of waits) {
          nowMs += waitMs;
          often = after(often, nowMs);
        }
        often = after(often, nowMs);
        expect(often).toEqual(after(versions, nowMs));
      }),
    );
  });

  test("[P23] a day's typing, a version every two seconds, leaves 144 after a day and one after a month", () => {
    const versions = Array.from({ length: 43_200 }, (_none, index) => ({
      version: index + 1,
      atMs: 20_000 * DAY_MS + index * 2_000,
    }));
    const newest = { version: 43_201, atMs: 20_100 * DAY_MS };
    expect(after([...versions, newest], 20_002 * DAY_MS)).toHaveLength(145);
    expect(after([...versions, newest], 20_040 * DAY_MS)).toHaveLength(2);
  });
});
