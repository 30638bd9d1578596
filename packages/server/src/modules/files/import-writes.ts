/** What an import writes: batches of new files and folders, the executable mark of existing files, and its own report for a repetition. */
import { type Entry, MAX_FILE_BYTES } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import { Problem } from "#kernel/problem";
import { isConcurrentModification, type Sql, type Transaction } from "#platform/sql";
import { inProject, type ProjectUser } from "#projects";
import type { AccountQuota } from "./account-quota.ts";
import type { ContentStore, PreparedContent } from "./content-store.ts";
import { tooLarge } from "./errors.ts";
import { type BatchItem, makeBatch } from "./import-batch.ts";
import { toNodePath } from "./node-path.ts";
import { findNode, NODE_COLUMNS, type NodeRow, toEntry } from "./node-rows.ts";
import { createProjectOwners } from "./project-owners.ts";
import { findReplay, keepReplay, type Replay } from "./replays.ts";
import { lockTree, type TreeLimits } from "./tree-changes.ts";

/** Bodies that are sealed and stored at once. */
const PREPARED_AT_ONCE = 4;

/** `bytes` undefined: a folder. */
export type NewEntry = { readonly path: string; readonly bytes: Uint8Array | undefined; readonly executable: boolean };

/** `there`: a folder that existed. Refusals: path-taken, not-a-folder, too-large, too-many-files. */
export type NewEntryOutcome =
  | { readonly kind: "made"; readonly entry: Entry }
  | { readonly kind: "there" }
  | { readonly kind: "refused"; readonly problem: Problem };

export type ImportWrites = {
  /**
   * Makes files and folders in one transaction, durable when it resolves; each is whole or absent. What can't be made is refused alone.
   * @throws Problem projects/no-such-project, projects/role-too-low
   */
  makeEntries(actor: Actor, projectId: string, entries: readonly NewEntry[]): Promise<NewEntryOutcome[]>;
  /** @returns the changed entry; undefined: it was so already, or there is no such file. */
  markExecutable(actor: Actor, projectId: string, path: string, executable: boolean): Promise<Entry | undefined>;
  /** The report that the same request got before. @throws Problem projects/idempotency-mismatch */
  findReport<T>(actor: Actor, projectId: string, replay: Replay): Promise<T | undefined>;
  /** Keeps the report of the first of several equal requests; returns the kept one. */
  keepReport<T extends object>(actor: Actor, projectId: string, replay: Replay, report: T): Promise<T>;
};

const atOnce = async <T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  return results;
};

export const createImportWrites = (needs: {
  readonly sql: Sql;
  readonly contents: ContentStore;
  readonly limits: TreeLimits;
  readonly quota: AccountQuota;
  readonly tellChanged: (projectId: string, entries: readonly Entry[]) => void;
}): ImportWrites => {
  const { sql, contents, limits, quota, tellChanged } = needs;
  const owners = createProjectOwners(sql);
  const userIn = ({ userId }: Actor, projectId: string): ProjectUser => ({ userId, projectId });

  const writing = <T>(user: ProjectUser, work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    inProject(sql, { ...user, atLeast: "editor" }, work);

  /** The account's limit, before anything is stored: what does not fit is refused, the rest goes on. */
  const withinQuota = async (
    ownerId: string,
    user: ProjectUser,
    entries: readonly NewEntry[],
  ): Promise<Map<NewEntry, Problem>> => {
    const refused = new Map<NewEntry, Problem>();
    let bytes = 0;
    for (const entry of entries) {
      const size = entry.bytes?.byteLength ?? 0;
      if (size === 0) continue;
      if (size > MAX_FILE_BYTES) {
        refused.set(entry, tooLarge(`A file may have at most ${MAX_FILE_BYTES} bytes.`));
        continue;
      }
      try {
        await quota.requireFor(ownerId, bytes + size, { role: "user", ...user });
        bytes += size;
      } catch (error) {
        if (!(error instanceof Problem) || error.status >= 500) throw error;
        refused.set(entry, error);
      }
    }
    return refused;
  };

  return {
    async makeEntries(actor, projectId, entries) {
      const user = userIn(actor, projectId);
      await writing(user, () => Promise.resolve());
      const ownerId = await owners.ownerOf(projectId, { role: "user", ...user });
      const refused = await withinQuota(ownerId, user, entries);
      const taken = entries.filter((entry) => !refused.has(entry));
      const prepared: PreparedContent[] = [];
      const items = await atOnce(taken, PREPARED_AT_ONCE, async ({ path, bytes, executable }): Promise<BatchItem> => {
        const content = bytes === undefined ? undefined : await contents.prepare(ownerId, bytes);
        if (content !== undefined) prepared.push(content);
        return { nodePath: toNodePath(path), content, executable };
      });
      const discard = async (keeps: ReadonlySet<PreparedContent>): Promise<void> => {
        for (const content of prepared) if (!keeps.has(content)) await contents.discard(content);
      };
      try {
        const result = await writing(user, async (transaction) => {
          await lockTree(transaction, projectId);
          return makeBatch({ transaction, projectId, limits }, items, { ownerId, authorId: actor.userId });
        });
        const keeps = new Set(result.kept);
        for (const content of keeps) quota.added(ownerId, content.size);
        await discard(keeps);
        tellChanged(projectId, result.made);
        const byEntry = new Map(taken.map((entry, at) => [entry, result.outcomes[at]]));
        return entries.map((entry) => {
          const problem = refused.get(entry);
          const outcome = problem === undefined ? byEntry.get(entry) : { kind: "refused" as const, problem };
          if (outcome === undefined) throw new Error("An entry has no outcome.");
          return outcome;
        });
      } catch (error) {
        // Only after a clear refusal: after a lost connection the rows may exist, and need their blobs.
        if ((error instanceof Problem && error.status < 500) || isConcurrentModification(error))
          await discard(new Set());
        throw error;
      }
    },

    async markExecutable(actor, projectId, path, executable) {
      const changed = await writing(userIn(actor, projectId), async (transaction) => {
        const node = await findNode(transaction, projectId, toNodePath(path));
        if (node?.kind !== "file" || node.executable === executable) return undefined;
        const [row] = await transaction.query<NodeRow>(
          `update nodes set executable = $3, updated_at = clock_timestamp() where project_id = $1 and id = $2 and deleted_at is null
            returning ${NODE_COLUMNS}`,
          [projectId, node.id, executable],
        );
        return row === undefined ? undefined : toEntry(row, path);
      });
      if (changed !== undefined) tellChanged(projectId, [changed]);
      return changed;
    },

    findReport: <T>(actor: Actor, projectId: string, replay: Replay) =>
      writing(userIn(actor, projectId), (transaction) => findReplay<T>(transaction, actor.userId, replay)),

    keepReport: <T extends object>(actor: Actor, projectId: string, replay: Replay, report: T) =>
      writing(userIn(actor, projectId), async (transaction) => {
        const first = await findReplay<T>(transaction, actor.userId, replay);
        if (first !== undefined) return first;
        await keepReplay(transaction, { userId: actor.userId, replay, status: 200, answer: report });
        return report;
      }),
  };
};
