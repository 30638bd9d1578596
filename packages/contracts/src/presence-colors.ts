/** The colours of people: the server gives each person in a project a different one as long as there are enough. */

/**
 * Dark enough for white text (contrast 4.5:1), light enough for a bare caret on both editor backgrounds (3:1), far from grey, and far from
 * each other. They are assigned in this order, so neighbours in the list differ most.
 */
export const PRESENCE_COLORS = [
  "#e50c69",
  "#7c7903",
  "#0667b8",
  "#943bb7",
  "#b53a48",
  "#1d8402",
  "#176cfd",
  "#d30dc1",
  "#e81603",
  "#0a7f58",
  "#633bfe",
  "#bf0c83",
  "#bf5504",
  "#04738f",
  "#b101f1",
] as const;
export type PresenceColor = (typeof PRESENCE_COLORS)[number];

/** FNV-1a hash of the id. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
};

/** The colour that a person gets unless another one in the project has it: the same in every browser. */
export const preferredColor = (userId: string): PresenceColor =>
  PRESENCE_COLORS[hashOf(userId) % PRESENCE_COLORS.length] ?? PRESENCE_COLORS[0];
