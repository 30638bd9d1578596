/** The rules of projects, members and files: who is told of a change, and when live documents are called. */
import { createHash } from "node:crypto";
import {
  type CreateLinkSchema,
  type CreateProjectSchema,
  type Encoding,
  type Entry,
  type GrantedRole,
  type Member,
  type Project,
  ProjectFactsSchema,
  type Role,
  type ShareLink,
  type UpdateProjectSchema,
  type Version,
} from "@atelier/contracts";
import type { z } from "zod";
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import type { Bus } from "#platform/bus";
import { decodeContent } from "./content.ts";
import { expiryPassed, noSuchTemplate } from "./errors.ts";
import { copyName } from "./free-name.ts";
import { keepFile } from "./keep-file.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import type { CheckpointSave, Projects, SavedVersion, StoredFile } from "./face.ts";
import type { LinkTokens } from "./link-tokens.ts";
import { placeOf } from "./place.ts";
import type {
  Asking,
  FileStore,
  KeptLink,
  LiveDocuments,
  MemberStore,
  ProjectStore,
  Templates,
  Written,
} from "./ports.ts";
import { requireAtLeast } from "./roles.ts";
import { createSlug } from "./slug.ts";
import { zipArchive } from "./zip-archive.ts";

export type ProjectsNeeds = {
  readonly projects: ProjectStore;
  readonly members: MemberStore;
  readonly files: FileStore;
  readonly templates: Templates;
  readonly live: LiveDocuments;
  readonly linkTokens: LinkTokens;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** PUBLIC_URL with BASE_PATH and no slash at the end; share links start with it. */
  readonly publicUrl: string;
};

/** What a request may bring beside its parsed fields. */
export type FileWrite = {
  readonly path: string;
  readonly content: string;
  readonly encoding?: Encoding | undefined;
  readonly version?: number | undefined;
  readonly idempotencyKey?: string | undefined;
};
export type FileWithBytes = { readonly entry: Entry; readonly bytes: Uint8Array };

/** What the routes need beyond what other modules may ask. Problems are those of the routes. */
export type ProjectsService = Projects & {
  createProject(actor: Actor, project: z.output<typeof CreateProjectSchema>): Promise<Project>;
  listProjects(
    actor: Actor,
    page: { cursor?: string | undefined; limit?: number | undefined },
  ): Promise<{ items: Project[]; nextCursor?: string }>;
  getProject(actor: Actor, projectId: string): Promise<Project>;
  updateProject(actor: Actor, projectId: string, change: z.output<typeof UpdateProjectSchema>): Promise<Project>;
  deleteProject(actor: Actor, projectId: string): Promise<void>;
  restoreProject(actor: Actor, projectId: string): Promise<Project>;
  forkProject(actor: Actor, projectId: string, name: string | undefined): Promise<Project>;
  /** `largestBytes`: size of the largest file; about twice as much is in memory while the archive is read. */
  exportProject(
    actor: Actor,
    projectId: string,
  ): Promise<{
    readonly project: Project;
    readonly entryCount: number;
    readonly largestBytes: number;
    readonly archive: AsyncIterable<Uint8Array>;
  }>;
  editorState(actor: Actor, projectId: string, replace?: Record<string, unknown>): Promise<Record<string, unknown>>;
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
  tree(actor: Actor, projectId: string): Promise<Entry[]>;
  createFile(actor: Actor, projectId: string, write: FileWrite): Promise<FileWithBytes>;
  readFile(actor: Actor, projectId: string, at: { path: string; version?: number | undefined }): Promise<FileWithBytes>;
  putFile(actor: Actor, projectId: string, write: FileWrite): Promise<FileWithBytes>;
  deleteFile(actor: Actor, projectId: string, at: { path: string; recursive: boolean }): Promise<void>;
  history(actor: Actor, projectId: string, path: string): Promise<Version[]>;
  restoreVersion(actor: Actor, projectId: string, at: { path: string; version: number }): Promise<FileWithBytes>;
  createFolder(actor: Actor, projectId: string, path: string): Promise<Entry>;
  move(actor: Actor, projectId: string, paths: { from: string; to: string }): Promise<Entry>;
};

const asks = (actor: Actor, projectId: string): Asking => ({ userId: actor.userId, projectId });
const hashOfToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/** The same key with other bytes, another path or another version is another request. */
const replayOf = (write: FileWrite, bytes: Uint8Array, about: string) => {
  if (write.idempotencyKey === undefined) return {};
  const facts = JSON.stringify([about, write.path, write.version ?? null]);
  return {
    replay: { key: write.idempotencyKey, requestHash: createHash("sha256").update(facts).update(bytes).digest() },
  };
};

export const createProjectsService = (needs: ProjectsNeeds): ProjectsService => {
  const { projects, members, files, live, linkTokens, bus, clock, log } = needs;
  // Concurrent saves of one file by one user wait here and not for the row's lock, which would take a connection each.
  const inOrder = createKeyedQueue();

  const tellChanged = (projectId: string, entries: readonly Entry[]): void => {
    if (entries.length > 0) {
      bus.publish("project-event", { projectId, event: { type: "entries-changed", entries: [...entries] } });
    }
  };
  const tellRights = (projectId: string, userId?: string): void =>
    bus.publish("rights-changed", { projectId, ...(userId === undefined ? {} : { userId }) });

  /**
   * Merges the version into the open document. The version is durable already, so the caller does not wait; when the document can't merge
   * it now, it tries again, and its next checkpoint conflicts and merges it.
   */
  const bringToDocument = async (
    actor: Actor,
    projectId: string,
    written: Written,
    bytes: Uint8Array,
  ): Promise<void> => {
    const { entry, before } = written;
    const change = {
      projectId,
      fileId: entry.id,
      basedOn: before,
      version: entry.version,
      bytes,
      userId: actor.userId,
    };
    try {
      await live.applyExternal(change);
    } catch (error) {
      log.warn("projects.external-change-waits", { projectId, fileId: entry.id, version: entry.version, error });
    }
  };

  const write = (
    actor: Actor,
    projectId: string,
    file: { path: string; bytes: Uint8Array; expected?: number; replay?: { key: string; requestHash: Buffer } },
  ): Promise<FileWithBytes> =>
    // Per user, so that nobody can delay another user's saves, least of all a user without rights in the project.
    inOrder.run(`${actor.userId}/${projectId}/${file.path}`, async () => {
      const { path, bytes, ...rest } = file;
      const written = await files.put(asks(actor, projectId), placeOf(path), { bytes, ...rest });
      if (written.changed) {
        tellChanged(projectId, [written.entry]);
        void bringToDocument(actor, projectId, written, bytes);
      }
      return { entry: written.entry, bytes };
    });

  const readStoredFile = async (asking: Asking, path: string, version?: number): Promise<StoredFile> => {
    const place = placeOf(path);
    if (version === undefined) {
      const { id, kind } = await files.find(asking, place);
      if (kind === "file") await live.checkpoint(asking.projectId, id);
    }
    return files.read(asking, place, version);
  };

  const toShareLink = ({ tokenSealed, ...link }: KeptLink): ShareLink => {
    const token = tokenSealed === null ? undefined : linkTokens.open(tokenSealed, link.id);
    return token === undefined ? { ...link, url: null } : { ...link, token, url: `${needs.publicUrl}/s/${token}` };
  };

  return {
    async requireRole(actor, projectId, atLeast) {
      return requireAtLeast(await projects.roleOf(asks(actor, projectId)), atLeast);
    },
    roleOf: (userId, projectId) => projects.roleOf({ userId, projectId }),
    async keepFile(actor, projectId, file) {
      const asking = asks(actor, projectId);
      requireAtLeast(await projects.roleOf(asking), "editor");
      return keepFile(asking, file, {
        live,
        read: readStoredFile,
        write: (next) => write(actor, projectId, next),
        async create(path, bytes) {
          const { entry, made } = await files.create(asking, placeOf(path), bytes);
          tellChanged(projectId, made);
          return entry;
        },
      });
    },
    readStored: (projectId, fileId, version) => files.readStored(projectId, fileId, version),
    async readAll(actor, projectId, { maxBytes }) {
      requireAtLeast(await projects.roleOf(asks(actor, projectId)), "viewer");
      await live.checkpoint(projectId);
      return files.readAll(asks(actor, projectId), maxBytes);
    },
    async saveCheckpoint(save: CheckpointSave): Promise<SavedVersion | { readonly conflict: StoredFile } | undefined> {
      const saved = await files.saveCheckpoint(save);
      if (saved === undefined || "conflict" in saved) return saved;
      if (saved.changed) tellChanged(save.projectId, [saved.entry]);
      return { entry: saved.entry, changed: saved.changed, isFull: saved.isFull };
    },

    async createProject(actor, { name, description, template, visibility }) {
      const start = template === undefined ? [] : await needs.templates.get(template);
      if (start === undefined) throw noSuchTemplate();
      return projects.create({
        id: createId(),
        slug: createSlug(name),
        name,
        description: description ?? "",
        visibility: visibility ?? "private",
        ownerId: actor.userId,
        files: start,
      });
    },
    listProjects: (actor, { cursor, limit }) =>
      projects.list(actor.userId, { limit: limit ?? 50, ...(cursor === undefined ? {} : { cursor }) }),
    getProject: (actor, projectId) => projects.get(asks(actor, projectId)),
    async updateProject(actor, projectId, { name, description, visibility, keepRunFiles }) {
      const project = await projects.update(asks(actor, projectId), {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(visibility === undefined ? {} : { visibility }),
        ...(keepRunFiles === undefined ? {} : { keepRunFiles }),
      });
      const facts = ProjectFactsSchema.parse(project);
      bus.publish("project-event", { projectId, event: { type: "project-changed", project: facts } });
      if (visibility !== undefined) tellRights(projectId);
      return project;
    },
    async deleteProject(actor, projectId) {
      await projects.setDeleted(asks(actor, projectId), true);
      tellRights(projectId);
    },
    async restoreProject(actor, projectId) {
      await projects.setDeleted(asks(actor, projectId), false);
      return projects.get(asks(actor, projectId));
    },
    async forkProject(actor, projectId, name) {
      const source = await projects.get(asks(actor, projectId));
      await live.checkpoint(projectId);
      const wanted = name ?? copyName(source.name);
      return projects.fork(asks(actor, projectId), {
        id: createId(),
        slug: createSlug(wanted),
        name: wanted,
        description: source.description,
        visibility: "private",
      });
    },
    async exportProject(actor, projectId) {
      const project = await projects.get(asks(actor, projectId));
      await live.checkpoint(projectId);
      const { entries, contents } = await files.readInOrder(asks(actor, projectId));
      const largestBytes = entries.reduce((most, { size }) => Math.max(most, size), 0);
      return { project, entryCount: entries.length, largestBytes, archive: zipArchive(entries, contents) };
    },
    editorState: (actor, projectId, replace) => projects.editorState(asks(actor, projectId), replace),

    listMembers: (actor, projectId) => members.list(asks(actor, projectId)),
    async putMember(actor, projectId, { userId, role }) {
      const member = await members.put(asks(actor, projectId), userId, role);
      tellRights(projectId, userId);
      return member;
    },
    async deleteMember(actor, projectId, userId) {
      await members.remove(asks(actor, projectId), userId);
      tellRights(projectId, userId);
    },
    async createLink(actor, projectId, { role, expiresAt }) {
      if (expiresAt !== undefined && Date.parse(expiresAt) <= clock.now()) throw expiryPassed();
      const id = createId();
      const token = linkTokens.create();
      const { link, isNew } = await members.createLink(asks(actor, projectId), {
        id,
        role,
        tokenHash: hashOfToken(token),
        tokenSealed: linkTokens.seal(token, id),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      return { ...toShareLink(link), isNew };
    },
    listLinks: async (actor, projectId) => (await members.listLinks(asks(actor, projectId))).map(toShareLink),
    async deleteLink(actor, projectId, id) {
      for (const userId of await members.deleteLink(asks(actor, projectId), id)) tellRights(projectId, userId);
    },
    async acceptLink(actor, token) {
      const projectId = await members.acceptLink(actor.userId, hashOfToken(token));
      tellRights(projectId, actor.userId);
      return projects.get(asks(actor, projectId));
    },

    tree: (actor, projectId) => files.tree(asks(actor, projectId)),
    async createFile(actor, projectId, file) {
      const bytes = decodeContent(file.content, file.encoding);
      const { replay } = replayOf(file, bytes, `create ${projectId}`);
      const { entry, made } = await files.create(asks(actor, projectId), placeOf(file.path), bytes, replay);
      tellChanged(projectId, made);
      return { entry, bytes };
    },
    readFile: (actor, projectId, { path, version }) => readStoredFile(asks(actor, projectId), path, version),
    async putFile(actor, projectId, file) {
      const bytes = decodeContent(file.content, file.encoding);
      return write(actor, projectId, {
        path: file.path,
        bytes,
        ...(file.version === undefined ? {} : { expected: file.version }),
        ...replayOf(file, bytes, `put ${projectId}`),
      });
    },
    async deleteFile(actor, projectId, { path, recursive }) {
      const { ids, fileIds } = await files.remove(asks(actor, projectId), placeOf(path), recursive);
      bus.publish("project-event", { projectId, event: { type: "entries-removed", ids } });
      if (fileIds.length > 0) bus.publish("files-removed", { projectId, fileIds });
    },
    history: (actor, projectId, path) => files.history(asks(actor, projectId), placeOf(path)),
    async restoreVersion(actor, projectId, { path, version }) {
      await projects.roleOf(asks(actor, projectId)).then((role: Role | undefined) => requireAtLeast(role, "editor"));
      const old = await files.read(asks(actor, projectId), placeOf(path), version);
      return write(actor, projectId, { path, bytes: old.bytes });
    },
    async createFolder(actor, projectId, path) {
      const { entry, made } = await files.createFolder(asks(actor, projectId), placeOf(path));
      tellChanged(projectId, made);
      return entry;
    },
    async move(actor, projectId, { from, to }) {
      const { entry, changed } = await files.move(asks(actor, projectId), placeOf(from), placeOf(to));
      tellChanged(projectId, changed);
      return entry;
    },
  };
};
