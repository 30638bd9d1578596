import { PRESENCE_COLORS, type Presence } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
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
