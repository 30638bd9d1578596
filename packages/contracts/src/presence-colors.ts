/** The colours of people: the server gives each person in a project a different one as long as there are enough. */

/** Dark enough for white text (contrast 4.5:1), light enough to be seen on a dark page. */
export const PRESENCE_COLORS = [
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
  "#3f7d00",
  "#b01fa6",
  "#00759e",
  "#5f6b7a",
  "#8d5a2b",
  "#7a5c99",
] as const;
export type PresenceColor = (typeof PRESENCE_COLORS)[number];

/** FNV-1a hash of the id. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
};

/** The colour that a person gets when nobody else in the project has it: the same in every browser. */
export const preferredColor = (userId: string): PresenceColor =>
  PRESENCE_COLORS[hashOf(userId) % PRESENCE_COLORS.length] ?? PRESENCE_COLORS[0];
