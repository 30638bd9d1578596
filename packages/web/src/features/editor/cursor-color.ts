/** Presence colours: checked before they reach a style, readable under a name. */

const FALLBACKS = ["#3450e0", "#b3261e", "#12713f", "#8a2ba8", "#0b6b78", "#9a4a00", "#a0286a", "#4d6300"] as const;

/** The colour itself if it is a plain `#rrggbb`, else one picked by the id. */
export function safeColor(color: unknown, id: string): string {
  if (typeof color === "string" && /^#[\da-f]{6}$/i.test(color)) return color.toLowerCase();
  let hash = 0;
  for (let i = 0; i < id.length; i += 1) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return FALLBACKS[hash % FALLBACKS.length] ?? FALLBACKS[0];
}

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
