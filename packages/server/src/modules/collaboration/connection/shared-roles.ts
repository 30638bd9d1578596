/** Looks up a role once for all connections of a user that one change of rights concerns. */
import type { Role } from "@atelier/contracts";
import type { Projects } from "#projects";

/** @returns `roleOf` with the change as a further argument; look-ups are shared within one change, never with the next one */
export const createSharedRoles = (
  projects: Pick<Projects, "roleOf">,
): ((of: { readonly userId: string; readonly projectId: string }, change: object) => Promise<Role | undefined>) => {
  let latest: object | undefined;
  let answers = new Map<string, Promise<Role | undefined>>();
  return ({ userId, projectId }, change) => {
    if (change !== latest) {
      latest = change;
      answers = new Map();
    }
    const key = `${projectId}/${userId}`;
    const answer = answers.get(key) ?? projects.roleOf(userId, projectId);
    answers.set(key, answer);
    return answer;
  };
};
