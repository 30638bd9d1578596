import { readFileSync } from "node:fs";
import { PRESENCE_COLORS, type Presence } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { contrast } from "../editor/cursor-color.ts";
import { initialsOf, personColor } from "./person-color.ts";
import { othersOf } from "./presence-store.ts";

const presence = (userId: string, connectionId: string, fileId: string | null): Presence => ({
  connectionId,
  user: { id: userId, name: userId },
  role: "editor",
  fileId,
});

describe("othersOf", () => {
  it("shows each other person once, in the window that shows a file, and never the reader", () => {
    const all = [
      presence("me", "1", "f"),
      presence("ada", "2", null),
      presence("ada", "3", "g"),
      presence("bo", "4", null),
    ];
    expect(othersOf(all, { id: "me" }).map(({ id, fileId }) => [id, fileId])).toEqual([
      ["ada", "g"],
      ["bo", null],
    ]);
  });

  it("shows the colour that the server gave, and one picked by the id where it gave none", () => {
    const ada = presence("ada", "2", null);
    const named = { ...ada, user: { ...ada.user, color: "#123456" } };
    expect(othersOf([named], undefined)[0]?.color).toBe("#123456");
    expect(othersOf([ada], undefined)[0]?.color).toBe(personColor("ada"));
  });
});

const luminance = (hex: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** `#rrggbb` in OKLab, where distances are about as large as they look. */
const oklab = (hex: string): [number, number, number] => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
};

describe("the colours of people", () => {
  it("are seen on both editor backgrounds as a bare caret (3:1), and none is a grey or like another", () => {
    const tokens = readFileSync(new URL("../../design/tokens.css", import.meta.url), "utf8");
    const backgrounds = /--surface: light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/u.exec(tokens)?.slice(1) ?? [];
    expect(backgrounds).toHaveLength(2);
    for (const background of backgrounds)
      for (const color of PRESENCE_COLORS)
        expect(contrast(color, background), `${color} on ${background}`).toBeGreaterThanOrEqual(3);
    for (const [index, color] of PRESENCE_COLORS.entries()) {
      const [lightness, a, b] = oklab(color);
      expect(Math.hypot(a, b), `${color} is greyish`).toBeGreaterThan(0.085);
      for (const other of PRESENCE_COLORS.slice(0, index)) {
        const [otherLightness, otherA, otherB] = oklab(other);
        const distance = Math.hypot(lightness - otherLightness, a - otherA, b - otherB);
        expect(distance, `${color} and ${other}`).toBeGreaterThan(0.06);
      }
    }
  });
});

describe("a person's sign", () => {
  it("has a steady colour on which white initials can be read (4.5:1)", () => {
    const colors = new Set(Array.from({ length: 200 }, (_, index) => personColor(`user ${index}`)));
    expect(colors.size).toBe(PRESENCE_COLORS.length);
    expect(personColor("ada")).toBe(personColor("ada"));
    for (const color of colors) expect(1.05 / (luminance(color) + 0.05)).toBeGreaterThanOrEqual(4.5);
  });

  it("takes initials as people see them", () => {
    expect(["Ada Lovelace", "guest", "  ", "👩‍🚀 Sally Ride"].map(initialsOf)).toEqual(["AL", "G", "?", "👩‍🚀R"]);
  });
});
