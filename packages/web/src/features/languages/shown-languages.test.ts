import type { Language } from "@atelier/contracts";
import { expect, test } from "vitest";
import { shownLanguages } from "./shown-languages.ts";

const language = (id: string): Language => ({
  id,
  name: id,
  version: "1",
  extensions: [],
  aliases: [],
  ready: true,
  image: { id: "base", state: "ready", bytes: null },
  capabilities: [],
  sample: { path: `main.${id}` },
});

test("[X21] of many languages the first are offered at once, and the chosen one", () => {
  const all = ["a", "b", "c", "d", "e", "f", "g", "h"].map(language);
  const ids = (chosen?: string): string =>
    shownLanguages(all, chosen)
      .map(({ id }) => id)
      .join("");
  expect(ids()).toBe("abcdef");
  expect(ids("b")).toBe("abcdef");
  expect(ids("h")).toBe("abcdefh");
  expect(shownLanguages(all.slice(0, 2))).toHaveLength(2);
});
