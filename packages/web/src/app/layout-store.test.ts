import { describe, expect, it } from "vitest";
import {
  FILES_WIDTH,
  GROUP_WIDTH,
  isSameLayout,
  keptOf,
  layoutFrom,
  OUTPUT_HEIGHT,
  OUTPUT_WIDTH,
} from "./layout-store.ts";

const FIRST = {
  filesWidth: FILES_WIDTH.first,
  outputWidth: OUTPUT_WIDTH.first,
  outputHeight: OUTPUT_HEIGHT.first,
  panelAt: "right",
  groupWidth: GROUP_WIDTH.first,
};

describe("a kept layout", () => {
  it.each([
    [undefined],
    [null],
    ["nonsense"],
    [[]],
    [{ filesWidth: "wide", outputHeight: Number.NaN, panelAt: "left" }],
  ])("that is no layout is as at first: %j", (kept) => {
    expect(layoutFrom(kept)).toEqual(FIRST);
  });

  it("is what it was, within the limits", () => {
    const kept = { filesWidth: 300, outputWidth: 50, outputHeight: 40, panelAt: "bottom" as const, groupWidth: 30 };
    expect(layoutFrom(JSON.parse(JSON.stringify(keptOf(kept))))).toEqual(kept);
    expect(layoutFrom({ filesWidth: 9999, outputHeight: 1, groupWidth: 99 })).toMatchObject({
      filesWidth: FILES_WIDTH.most,
      outputHeight: OUTPUT_HEIGHT.least,
      groupWidth: GROUP_WIDTH.most,
    });
    expect([isSameLayout(kept, { ...kept }), isSameLayout(kept, { ...kept, panelAt: "right" })]).toEqual([true, false]);
  });
});
