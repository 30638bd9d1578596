/** The owner of a project, cached because it never changes; saves need it to encrypt their bytes before the transaction. */
import type { Scope, Sql } from "#platform/sql";
import { isId } from "#kernel/ids";
import { noSuchProject } from "#projects";

const MAX_CACHED = 100_000;

/** The owner's id. Checks no rights: the transaction that writes does. */
export type ProjectOwners = {
  /** @param scope a user who must be able to see the project, or background work */
  ownerOf(projectId: string, scope: Scope): Promise<string>;
};

/** `ownerOf` throws Problem projects/no-such-project when the project does not exist or the scope does not see it. */
export const createProjectOwners = (sql: Sql): ProjectOwners => {
  const known = new Map<string, string>();
  return {
    async ownerOf(projectId, scope) {
      const cached = known.get(projectId);
      if (cached !== undefined) return cached;
      if (!isId(projectId)) throw noSuchProject();
      const rows = await sql.transaction(scope, (transaction) =>
        transaction.query<{ owner_id: string }>("select owner_id from projects where id = $1", [projectId]),
      );
      const ownerId = rows[0]?.owner_id;
      if (ownerId === undefined) throw noSuchProject();
      if (known.size >= MAX_CACHED) known.clear();
      known.set(projectId, ownerId);
      return ownerId;
    },
  };
};
