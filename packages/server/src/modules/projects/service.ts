/** The rules of projects, their members, links and settings, and the events of their changes. SPEC.md numbers them. */
import { createHash } from "node:crypto";
import {
  type CreateLinkSchema,
  type GrantedRole,
  type Member,
  type Project,
  ProjectFactsSchema,
  type Role,
  type ShareLink,
  type UpdateProjectSchema,
  type Visibility,
} from "@atelier/contracts";
import type { z } from "zod";
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import { createId, isId } from "#kernel/ids";
import type { Bus } from "#platform/bus";
import { isConcurrentModification, type Sql, type Transaction } from "#platform/sql";
import { type EditorState, readEditorState, writeEditorState } from "./editor-states.ts";
import { expiryPassed, lastOwner, noSuchLink, roleTooLow } from "./errors.ts";
import { copyName } from "./free-name.ts";
import type { LinkTokens } from "./link-tokens.ts";
import * as members from "./members.ts";
import * as rows from "./project-rows.ts";
import { inProject } from "./project-scope.ts";
import { requireAtLeast } from "./roles.ts";
import * as links from "./share-links.ts";
import { createSlug } from "./slug.ts";

export type ProjectsNeeds = {
  readonly sql: Sql;
  readonly linkTokens: LinkTokens;
  readonly bus: Bus;
  readonly clock: Clock;
  /** PUBLIC_URL with BASE_PATH and no slash at the end; share links start with it. */
  readonly publicUrl: string;
  /** Limit per account, including the bin. */
  readonly mostProjects: number;
};

/** Copies the content of a project; both functions run in the transaction that creates the copy. */
export type ProjectCopier<T> = {
  /** In the scope of the original. */
  read(transaction: Transaction): Promise<T>;
  /** In the scope of the copy. */
  write(transaction: Transaction, content: T, copyId: string): Promise<void>;
};

/** Problems are those of the routes: projects/no-such-project when not visible, projects/role-too-low for a lower role. */
export interface Projects {
  /** The caller's role. @throws Problem projects/no-such-project when not visible, projects/role-too-low when below `atLeast`. */
  requireRole(actor: Actor, projectId: string, atLeast: Role): Promise<Role>;
  /** Like requireRole, but for a user id at a later time (re-checking an open socket); undefined: no rights (any more). */
  roleOf(userId: string, projectId: string): Promise<Role | undefined>;
  /**
   * Creates a project, with a number after its name if the owner uses the name already.
   * @param fill writes the project's first content, in the same transaction
   */
  createProject(
    actor: Actor,
    project: {
      readonly name: string;
      readonly description?: string | undefined;
      readonly visibility?: Visibility | undefined;
    },
    fill?: (transaction: Transaction, projectId: string) => Promise<void>,
  ): Promise<Project>;
  /**
   * Creates a private copy of a project that the caller may see, without members and links.
   * @param name undefined: derived from the original's
   */
  copyProject<T>(actor: Actor, projectId: string, name: string | undefined, copier: ProjectCopier<T>): Promise<Project>;
  listProjects(
    actor: Actor,
    page: { cursor?: string | undefined; limit?: number | undefined },
  ): Promise<{ items: Project[]; nextCursor?: string }>;
  getProject(actor: Actor, projectId: string): Promise<Project>;
  updateProject(actor: Actor, projectId: string, change: z.output<typeof UpdateProjectSchema>): Promise<Project>;
  /** Moves the project to the bin. */
  deleteProject(actor: Actor, projectId: string): Promise<void>;
  /** Restores the project from the bin. */
  restoreProject(actor: Actor, projectId: string): Promise<Project>;
  /** The page's state of one user in a project. */
  editorState(actor: Actor, projectId: string): Promise<EditorState>;
  putEditorState(actor: Actor, projectId: string, state: EditorState): Promise<void>;
  listMembers(actor: Actor, projectId: string): Promise<Member[]>;
  putMember(actor: Actor, projectId: string, member: { userId: string; role: GrantedRole }): Promise<Member>;
  deleteMember(actor: Actor, projectId: string, userId: string): Promise<void>;
  /** `isNew` false: this role's link that does not expire existed already. */
  createLink(
    actor: Actor,
    projectId: string,
    link: z.output<typeof CreateLinkSchema>,
  ): Promise<ShareLink & { readonly isNew: boolean }>;
  listLinks(actor: Actor, projectId: string): Promise<ShareLink[]>;
  deleteLink(actor: Actor, projectId: string, id: string): Promise<void>;
  acceptLink(actor: Actor, token: string): Promise<Project>;
  /** The share link by which a user is a member; undefined for others and for members added by the owner. */
  linkOf(userId: string, projectId: string): Promise<string | undefined>;
}

const hashOfToken = (token: string): Buffer => createHash("sha256").update(token).digest();

export const createProjects = (needs: ProjectsNeeds): Projects => {
  const { sql, linkTokens, bus, clock, mostProjects } = needs;

  const within = <T>(
    { userId }: Actor,
    projectId: string,
    atLeast: Role,
    work: (transaction: Transaction, role: Role) => Promise<T>,
  ): Promise<T> => inProject(sql, { userId, projectId, atLeast }, work);

  const tellRights = (projectId: string, userId?: string): void =>
    bus.publish("rights-changed", { projectId, ...(userId === undefined ? {} : { userId }) });

  const roleOf = async (userId: string, projectId: string): Promise<Role | undefined> => {
    if (!isId(projectId) || !isId(userId)) return undefined;
    const found = await sql.transaction({ role: "user", userId, projectId }, (transaction) =>
      transaction.query<{ role: Role | null }>("select atelier_role() as role", []),
    );
    return found[0]?.role ?? undefined;
  };

  const toShareLink = ({ tokenSealed, ...link }: links.StoredLink): ShareLink => {
    const token = tokenSealed === null ? undefined : linkTokens.open(tokenSealed, link.id);
    return token === undefined ? { ...link, url: null } : { ...link, token, url: `${needs.publicUrl}/s/${token}` };
  };

  const getProject = (actor: Actor, projectId: string): Promise<Project> =>
    within(actor, projectId, "viewer", (transaction) => rows.readProject(transaction, projectId));

  return {
    getProject,
    roleOf,
    async requireRole({ userId }, projectId, atLeast) {
      return requireAtLeast(await roleOf(userId, projectId), atLeast);
    },

    createProject({ userId }, { name, description, visibility }, fill) {
      const id = createId();
      return sql.transaction({ role: "user", userId, projectId: id }, async (transaction) => {
        const project = { id, slug: createSlug(name), name, description: description ?? "", ownerId: userId };
        await rows.insertProject(transaction, { ...project, visibility: visibility ?? "private" }, mostProjects);
        await fill?.(transaction, id);
        return rows.readProject(transaction, id);
      });
    },
    copyProject: (actor, projectId, name, copier) =>
      within(actor, projectId, "viewer", async (transaction) => {
        const original = await rows.readProject(transaction, projectId);
        const content = await copier.read(transaction);
        const id = createId();
        const wanted = name ?? copyName(original.name);
        // The following statements are in the scope of the copy.
        await transaction.query("select set_config('atelier.project_id', $1, true)", [id]);
        const copy = { id, slug: createSlug(wanted), name: wanted, description: original.description };
        await rows.insertProject(transaction, { ...copy, visibility: "private", ownerId: actor.userId }, mostProjects);
        await copier.write(transaction, content, id);
        return rows.readProject(transaction, id);
      }),
    listProjects: ({ userId }, { cursor, limit }) =>
      sql.transaction({ role: "user", userId }, (transaction) =>
        rows.listProjects(transaction, { cursor, limit: limit ?? 50 }),
      ),
    async updateProject(actor, projectId, change) {
      const project = await within(actor, projectId, "owner", (transaction) =>
        rows.updateProject(transaction, projectId, change),
      );
      const facts = ProjectFactsSchema.parse(project);
      bus.publish("project-event", { projectId, event: { type: "project-changed", project: facts } });
      if (change.visibility !== undefined) tellRights(projectId);
      return project;
    },
    async deleteProject(actor, projectId) {
      await within(actor, projectId, "owner", (transaction) => rows.binProject(transaction, projectId));
      tellRights(projectId);
    },
    async restoreProject(actor, projectId) {
      const { userId } = actor;
      // A project in the bin is visible to its owner only, so there is no role to check.
      const isRestored =
        isId(projectId) &&
        (await sql.transaction({ role: "user", userId, projectId }, (transaction) =>
          rows.unbinProject(transaction, projectId),
        ));
      // A user who sees the project (so it is not in the bin) but does not own it gets 403.
      if (!isRestored) await within(actor, projectId, "owner", () => Promise.resolve());
      return getProject(actor, projectId);
    },
    editorState: (actor, projectId) =>
      within(actor, projectId, "viewer", (transaction) =>
        readEditorState(transaction, { userId: actor.userId, projectId }),
      ),
    putEditorState: (actor, projectId, state) =>
      within(actor, projectId, "viewer", (transaction) =>
        writeEditorState(transaction, { userId: actor.userId, projectId }, state),
      ),

    listMembers: (actor, projectId) =>
      within(actor, projectId, "viewer", (transaction) => members.readMembers(transaction, projectId)),
    async putMember(actor, projectId, member) {
      const put = await within(actor, projectId, "owner", async (transaction) => {
        if (member.userId === actor.userId) throw lastOwner();
        return members.putMember(transaction, projectId, member);
      });
      tellRights(projectId, member.userId);
      return put;
    },
    async deleteMember(actor, projectId, userId) {
      await within(actor, projectId, "viewer", async (transaction, role) => {
        if (role !== "owner" && userId !== actor.userId) throw roleTooLow();
        await members.removeMember(transaction, projectId, userId);
      });
      tellRights(projectId, userId);
    },
    async createLink(actor, projectId, { role, expiresAt }) {
      if (expiresAt !== undefined && Date.parse(expiresAt) <= clock.now()) throw expiryPassed();
      const id = createId();
      const token = linkTokens.create();
      const { link, isNew } = await within(actor, projectId, "owner", (transaction) =>
        links.insertLink(transaction, projectId, {
          id,
          role,
          tokenHash: hashOfToken(token),
          tokenSealed: linkTokens.seal(token, id),
          createdBy: actor.userId,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        }),
      );
      return { ...toShareLink(link), isNew };
    },
    listLinks: async (actor, projectId) =>
      (await within(actor, projectId, "owner", (transaction) => links.readLinks(transaction, projectId))).map(
        toShareLink,
      ),
    async deleteLink(actor, projectId, id) {
      const left = await within(actor, projectId, "owner", (transaction) =>
        links.deleteLink(transaction, projectId, id),
      );
      for (const userId of left) tellRights(projectId, userId);
    },
    async acceptLink(actor, token) {
      const { userId } = actor;
      const projectId = await sql
        .transaction({ role: "user", userId }, (transaction) => links.joinByLink(transaction, hashOfToken(token)))
        .catch((error: unknown) => {
          // The project was removed for good while the link was being accepted.
          if (isConcurrentModification(error)) throw noSuchLink();
          throw error;
        });
      if (projectId === undefined) throw noSuchLink();
      tellRights(projectId, userId);
      return getProject(actor, projectId);
    },
    async linkOf(userId, projectId) {
      if (!isId(projectId)) return undefined;
      return sql.transaction({ role: "user", userId, projectId }, (transaction) =>
        members.linkOfMember(transaction, projectId, userId),
      );
    },
  };
};
