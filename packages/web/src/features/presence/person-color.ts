/** A constant colour and the initials of a user; the colour is never the only distinction. */
import { preferredColor } from "@atelier/contracts/presence-colors";

/** `#rrggbb` for a user id when the server sends no colour (members who are not present, oneself). */
export const personColor = (userId: string): string => preferredColor(userId);

const graphemes = new Intl.Segmenter();
const initial = (word = ""): string | undefined => graphemes.segment(word).containing(0)?.segment;

/** `Ada Lovelace` -> `AL`, `guest` -> `G`. */
export const initialsOf = (name: string): string => {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = initial(words[0]) ?? "?";
  const last = words.length > 1 ? (initial(words.at(-1)) ?? "") : "";
  return (first + last).toUpperCase();
};
