/** Assigns a colour to each person who is present in a project, on any node, unique as long as there are enough. */
import type { PresenceColor } from "@atelier/contracts";
import { type ColorChoice, createColorChoice, type ColorChoiceNeeds } from "./color-choice.ts";
import { type ColorsInUse, pickColor } from "./pick-color.ts";

/** One connection's reference to its user's colour. */
export type ColorReference = { readonly color: PresenceColor; release(): void };

/** Shared by all modules that show who is present, so that a person has the same colour everywhere. */
export type PresenceColors = {
  /** Never rejects: when the other nodes don't answer, the colour is unique among those that are known. */
  acquire(projectId: string, userId: string): Promise<ColorReference>;
};

type Assigned = { readonly color: PresenceColor; references: number };

/** @param shared the other nodes; absent: there are none */
export const createPresenceColors = (shared?: ColorChoiceNeeds): PresenceColors => {
  const byProject = new Map<string, Map<string, Assigned>>();
  const inUse = (projectId: string): ColorsInUse =>
    new Map([...(byProject.get(projectId) ?? [])].map(([userId, { color }]) => [userId, color]));
  const choice: ColorChoice | undefined =
    shared?.homes.areShared === true ? createColorChoice({ ...shared, inUse }) : undefined;

  const refer = (projectId: string, userId: string, chosen: PresenceColor): ColorReference => {
    const present = byProject.get(projectId) ?? new Map<string, Assigned>();
    byProject.set(projectId, present);
    const assigned = present.get(userId) ?? { color: chosen, references: 0 };
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
  };

  return {
    async acquire(projectId, userId) {
      const known = byProject.get(projectId)?.get(userId);
      if (known === undefined && choice !== undefined)
        return refer(projectId, userId, await choice.choose(projectId, userId));
      return refer(projectId, userId, pickColor(inUse(projectId), userId));
    },
  };
};
