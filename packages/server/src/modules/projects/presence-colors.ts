/** Assigns a colour to each person who is present in a project, unique as long as there are enough. */
import { PRESENCE_COLORS, preferredColor, type PresenceColor } from "@atelier/contracts";

/** One connection's reference to its user's colour. */
export type ColorReference = { readonly color: PresenceColor; release(): void };

/** Shared by all modules that show who is present, so that a person has the same colour everywhere. */
export type PresenceColors = { acquire(projectId: string, userId: string): ColorReference };

type Assigned = { readonly color: PresenceColor; references: number };

const pick = (present: ReadonlyMap<string, Assigned>, userId: string): PresenceColor => {
  const users = new Map<PresenceColor, number>(PRESENCE_COLORS.map((color) => [color, 0]));
  for (const { color } of present.values()) users.set(color, (users.get(color) ?? 0) + 1);
  const fewest = Math.min(...users.values());
  const preferred = preferredColor(userId);
  if (users.get(preferred) === fewest) return preferred;
  return PRESENCE_COLORS.find((color) => users.get(color) === fewest) ?? preferred;
};

export const createPresenceColors = (): PresenceColors => {
  const byProject = new Map<string, Map<string, Assigned>>();
  return {
    acquire(projectId, userId) {
      const present = byProject.get(projectId) ?? new Map<string, Assigned>();
      byProject.set(projectId, present);
      const assigned = present.get(userId) ?? { color: pick(present, userId), references: 0 };
      present.set(userId, assigned);
      assigned.references += 1;
      let isAcquired = true;
      return {
        color: assigned.color,
        release() {
          if (!isAcquired) return;
          isAcquired = false;
          assigned.references -= 1;
          if (assigned.references > 0) return;
          present.delete(userId);
          if (present.size === 0) byProject.delete(projectId);
        },
      };
    },
  };
};
