/** The initial files of a new project: those of a template, or those of the copied project. */
import type { Project } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import type { Vault } from "#platform/blobs";
import type { Projects } from "#projects";
import type { AccountQuota } from "./account-quota.ts";
import type { ContentStore, PreparedContent } from "./content-store.ts";
import { noSuchTemplate } from "./errors.ts";
import { readForFork, writeFork } from "./fork-project.ts";
import { toNodePath } from "./node-path.ts";
import type { Templates } from "./ports.ts";
import { makeFile, type TreeLimits } from "./tree-changes.ts";

export type InitialFiles = {
  /** @throws Problem projects/no-such-template, limit-reached, too-large */
  createProject(
    actor: Actor,
    project: Parameters<Projects["createProject"]>[1] & { readonly template?: string | undefined },
  ): Promise<Project>;
  /**
   * Creates the caller's copy of a project that the caller may see: the newest version of every file, no history, no members.
   * @param name undefined: derived from the original's
   * @throws Problem as createProject, and projects/too-many-files
   */
  forkProject(actor: Actor, projectId: string, name: string | undefined): Promise<Project>;
};

export const createInitialFiles = (needs: {
  readonly projects: Pick<Projects, "createProject" | "copyProject" | "getProject">;
  readonly templates: Templates;
  readonly contents: ContentStore;
  readonly vault: Vault;
  readonly limits: TreeLimits;
  readonly quota: AccountQuota;
}): InitialFiles => {
  const { projects, contents, limits, quota } = needs;
  return {
    async createProject(actor, { template, ...project }) {
      const { userId } = actor;
      const files = template === undefined ? [] : await needs.templates.get(template);
      if (files === undefined) throw noSuchTemplate();
      await quota.requireFor(
        userId,
        files.reduce((sum, file) => sum + file.bytes.byteLength, 0),
        { role: "user", userId },
      );
      const prepared = await Promise.all(
        files.map(async (file) => ({
          nodePath: toNodePath(file.path),
          content: await contents.prepare(userId, file.bytes),
        })),
      );
      const unused: PreparedContent[] = [];
      const created = await projects.createProject(actor, project, async (transaction, projectId) => {
        for (const { nodePath, content } of prepared) {
          const change = { transaction, projectId, limits };
          const { blobUsed } = await makeFile(change, { nodePath, content, ownerId: userId, authorId: userId });
          if (!blobUsed) unused.push(content);
        }
      });
      await Promise.all(unused.map((content) => contents.discard(content)));
      return created;
    },

    async forkProject(actor, projectId, name) {
      const source = await projects.getProject(actor, projectId);
      const owner = { from: source.owner.id, to: actor.userId };
      // Content of one owner is stored once; an account may have no reference yet to another owner's content.
      if (owner.from !== owner.to)
        await quota.requireFor(owner.to, source.sizeBytes, { role: "user", userId: owner.to });
      const copy = await projects.copyProject(actor, projectId, name, {
        read: (transaction) => readForFork(transaction, { projectId, ownerId: owner.from, forOwner: owner.to, limits }),
        write: (transaction, tree, copyId) =>
          writeFork(transaction, tree, { projectId: copyId, owner, vault: needs.vault }),
      });
      if (owner.from !== owner.to) quota.added(owner.to, copy.sizeBytes);
      return copy;
    },
  };
};
