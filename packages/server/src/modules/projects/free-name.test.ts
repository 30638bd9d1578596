import { describe, expect, test } from "vitest";
import { copyName, freeName } from "./free-name.ts";

describe("names of new projects", () => {
  test("[P30] the first free number is taken", () => {
    expect(freeName("Untitled", new Set())).toBe("Untitled");
    expect(freeName("Untitled", new Set(["Untitled 2"]))).toBe("Untitled");
    expect(freeName("Untitled", new Set(["Untitled", "Untitled 2", "Untitled 4"]))).toBe("Untitled 3");
  });

  test("[P30] a long name is shortened for the number and never cut within a character", () => {
    const long = "x".repeat(100);
    expect(freeName(long, new Set([long]))).toBe(`${"x".repeat(98)} 2`);
    const faces = "😀".repeat(50);
    expect(freeName(faces, new Set([faces]))).toBe(`${"😀".repeat(49)} 2`);
    expect(copyName(faces)).toBe(`${"😀".repeat(47)} copy`);
    expect(copyName(faces).isWellFormed()).toBe(true);
  });
});
