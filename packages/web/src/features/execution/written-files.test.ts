import { describe, expect, it } from "vitest";
import { writtenFiles } from "./written-files.ts";

const file = (path: string) => ({ path, size: 1, version: 2 });
const skipped = (path: string) => ({ path, size: 1, version: null, skipped: "too-large" as const });

describe("files that a run wrote", () => {
  it("are counted and named, and those that were not kept say why", () => {
    expect(writtenFiles([])).toEqual({ headline: "", written: [], notes: [] });
    expect(writtenFiles([file("a.txt")])).toMatchObject({ headline: "1 file written", written: ["a.txt"] });
    expect(writtenFiles([file("a.txt"), skipped("big.bin"), file("b.png")])).toEqual({
      headline: "2 files written",
      written: ["a.txt", "b.png"],
      notes: ["big.bin was not kept: a run can add at most 20 MB"],
    });
  });

  it("of many that were not kept, three are named", () => {
    const { notes } = writtenFiles(["a", "b", "c", "d", "e"].map(skipped));
    expect(notes).toHaveLength(4);
    expect(notes[3]).toBe("2 files more were not kept");
    expect(writtenFiles(["a", "b", "c", "d"].map(skipped)).notes[3]).toBe("1 file more was not kept");
  });
});
