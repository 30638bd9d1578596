/** Roles in their order. */
import type { Role } from "@atelier/contracts";
import { noSuchProject, roleTooLow } from "./errors.ts";

const RANK: Readonly<Record<Role, number>> = { viewer: 0, editor: 1, owner: 2 };

/** @throws Problem projects/no-such-project without a role, projects/role-too-low with a lower one. */
export const requireAtLeast = (role: Role | null | undefined, atLeast: Role): Role => {
  if (role === null || role === undefined) throw noSuchProject();
  if (RANK[role] < RANK[atLeast]) throw roleTooLow();
  return role;
};
