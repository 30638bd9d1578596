import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawnRows } from "./row-window.ts";

const indexes = (window: Parameters<typeof drawnRows>[0]) => drawnRows(window).rows.map(({ index }) => index);

describe("the drawn rows", () => {
  it("are those in sight and a few around them, of 10,000", () => {
    const drawn = indexes({ count: 10_000, scrollTop: 27_000, viewHeight: 540, rowHeight: 27, kept: [] });
    expect([drawn[0], drawn.at(-1), drawn.length]).toEqual([988, 1031, 44]);
  });

  it("have those that are kept, above and below, each once", () => {
    const at = { count: 10_000, scrollTop: 27_000, viewHeight: 540, rowHeight: 27 };
    const { rows, leftOutAfter } = drawnRows({ ...at, kept: [3, 1000, 9000, 9000, -1] });
    expect(rows.slice(0, 2)).toEqual([
      { index: 3, leftOut: 3 },
      { index: 988, leftOut: 984 },
    ]);
    expect(rows.at(-1)).toEqual({ index: 9000, leftOut: 7968 });
    expect(leftOutAfter).toBe(999);
    expect(rows).toHaveLength(46);
  });

  it("with what is left out make up the whole list, wherever it is scrolled", () => {
    const part = fc.integer({ min: -50, max: 400_000 });
    fc.assert(
      fc.property(fc.nat(12_000), part, fc.nat(2_000), fc.array(part), (count, scrollTop, viewHeight, kept) => {
        const { rows, leftOutAfter } = drawnRows({ count, scrollTop, viewHeight, rowHeight: 27, kept });
        const total = rows.reduce((sum, { leftOut }) => sum + leftOut + 1, leftOutAfter);
        expect(total).toBe(count);
        expect(rows.every(({ leftOut }) => leftOut >= 0)).toBe(true);
        const inSight = Array.from({ length: Math.ceil(viewHeight / 27) }, (_, n) => Math.floor(scrollTop / 27) + n);
        const drawn = new Set(rows.map(({ index }) => index));
        for (const index of inSight.filter((at) => at >= 0 && at < count)) expect(drawn.has(index)).toBe(true);
      }),
    );
  });
});
