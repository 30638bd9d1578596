import { describe, expect, it } from "vitest";
import { sizeOfBox } from "./terminal-size.ts";

const cell = { widthPx: 7.8, heightPx: 20 };

describe("the size of the console", () => {
  it("is what fits beside the scrollbar, whole cells only", () => {
    expect(sizeOfBox({ widthPx: 491, heightPx: 679 }, cell)).toEqual({ columns: 61, rows: 33 });
  });

  it("is never smaller than a terminal can be, nor larger than the server takes", () => {
    expect(sizeOfBox({ widthPx: 5, heightPx: 5 }, cell)).toEqual({ columns: 2, rows: 1 });
    expect(sizeOfBox({ widthPx: 50_000, heightPx: 50_000 }, cell)).toEqual({ columns: 1000, rows: 1000 });
  });
});
