import { PRESENCE_COLORS } from "@atelier/contracts";
import { describe, expect, test } from "vitest";
import { createPresenceColors } from "./presence-colors.ts";

const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

describe("presence colours", () => {
  test("[P16] differ for all people in a project as long as there are enough", () => {
    const colors = createPresenceColors();
    const references = people(PRESENCE_COLORS.length).map((userId) => colors.acquire("project", userId));
    expect(new Set(references.map(({ color }) => color)).size).toBe(PRESENCE_COLORS.length);
    // One more person shares a colour, and not always the same one.
    const more = people(PRESENCE_COLORS.length * 2).map((userId) => colors.acquire("project", userId));
    const counts = Object.values(Object.groupBy(more, ({ color }) => color)).map((same) => same.length);
    expect(counts).toEqual(PRESENCE_COLORS.map(() => 2));
  });

  test("[P16] a person has one colour in all windows, and keeps it until the last one closes", () => {
    const colors = createPresenceColors();
    const [first, second] = [colors.acquire("project", "ada"), colors.acquire("project", "ada")];
    expect(second.color).toBe(first.color);
    first.release();
    first.release();
    // Another user who prefers the same colour gets a different one while she is present.
    const others = people(PRESENCE_COLORS.length - 1).map((userId) => colors.acquire("project", userId).color);
    expect(others).not.toContain(second.color);
    second.release();
    expect(colors.acquire("project", "bo").color).toBe(second.color);
  });

  test("[P16] colours are assigned per project", () => {
    const colors = createPresenceColors();
    const alone = colors.acquire("one", "ada").color;
    for (const userId of people(PRESENCE_COLORS.length)) colors.acquire("two", userId);
    expect(colors.acquire("three", "ada").color).toBe(alone);
  });
});
