/** A steady colour and initials for a person; colour is never the only sign of who somebody is. */

/** Dark enough for white text (4.5:1) and light enough to stand on a dark page. */
const COLORS = [
  "#b4235f",
  "#8f3fbf",
  "#5a55d6",
  "#2563c9",
  "#0b7285",
  "#137a4b",
  "#8a6100",
  "#b3500f",
  "#c0362c",
  "#6b5d4d",
] as const;

/** FNV-1a over the id: the same person has the same colour in every browser. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
};

/** `#rrggbb` for a user id. */
export const personColor = (userId: string): string => COLORS[hashOf(userId) % COLORS.length] ?? COLORS[0];

const graphemes = new Intl.Segmenter();
const initial = (word = ""): string | undefined => graphemes.segment(word).containing(0)?.segment;

/** `Ada Lovelace` -> `AL`, `guest` -> `G`. */
export const initialsOf = (name: string): string => {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = initial(words[0]) ?? "?";
  const last = words.length > 1 ? (initial(words.at(-1)) ?? "") : "";
  return (first + last).toUpperCase();
};
