/** Presence colours: checked before they reach a style, readable under a name. */
import { preferredColor } from "@atelier/contracts/presence-colors";

/** The colour itself if it is a plain `#rrggbb`, else one picked by the id. */
export const safeColor = (color: unknown, id: string): string =>
  typeof color === "string" && /^#[\da-f]{6}$/i.test(color) ? color.toLowerCase() : preferredColor(id);

/** Relative luminance of `#rrggbb` as in WCAG. */
export function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.040_45 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two `#rrggbb` colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever is easier to read on the colour. */
export function textOn(color: string): "#000000" | "#ffffff" {
  return contrast(color, "#ffffff") >= contrast(color, "#000000") ? "#ffffff" : "#000000";
}
