/** Which colour a person gets beside those that are in use. */
import { PRESENCE_COLORS, preferredColor, type PresenceColor } from "@atelier/contracts";

/** User -> colour. */
export type ColorsInUse = ReadonlyMap<string, PresenceColor>;

/** The user's own colour, else the preferred one where nobody needs to share it, else the first of those that the fewest users have. */
export const pickColor = (inUse: ColorsInUse, userId: string): PresenceColor => {
  const own = inUse.get(userId);
  if (own !== undefined) return own;
  const users = new Map<PresenceColor, number>(PRESENCE_COLORS.map((color) => [color, 0]));
  for (const color of inUse.values()) users.set(color, (users.get(color) ?? 0) + 1);
  const fewest = Math.min(...users.values());
  const preferred = preferredColor(userId);
  if (users.get(preferred) === fewest) return preferred;
  return PRESENCE_COLORS.find((color) => users.get(color) === fewest) ?? preferred;
};
