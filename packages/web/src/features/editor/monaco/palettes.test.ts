import { expect, test } from "vitest";
import { contrast } from "../cursor-color.ts";
import { PALETTES } from "./palettes.ts";

test.each(["light", "dark"] as const)(
  "the %s syntax colours are readable, on a selection and on the current line too",
  (theme) => {
    const palette = PALETTES[theme];
    const texts = [
      "foreground",
      "keyword",
      "string",
      "number",
      "comment",
      "type",
      "name",
      "accent",
      "invalid",
    ] as const;
    for (const name of texts) {
      for (const ground of [palette.background, palette.raised]) {
        expect(contrast(palette[name], ground), name).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(palette.muted, palette.background)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.foreground, palette.selection)).toBeGreaterThanOrEqual(7);
  },
);
