/** Finds what the page at /p/:slug shows first: the project, its tree, and the text of the file that the page will show. */
import type { Actor } from "#kernel/actor";
import { Problem } from "#kernel/problem";
import type { Sql } from "#platform/sql";
import type { LiveFiles } from "#collaboration";
import type { Files } from "#files";
import type { Projects } from "#projects";
import { type Entry, firstFile } from "@atelier/contracts";
import type { OpenedProject, PageSources } from "./gateway/index.ts";

const MAX_FIRST_FILE_BYTES = 512 * 1024;
/** A stranger without a cookie: sees what everybody may see, and is nobody's user id. */
const NOBODY: Actor = {
  userId: "00000000-0000-0000-0000-000000000000",
  kind: "guest",
  name: "Nobody",
  plan: "free",
  signInId: "00000000-0000-0000-0000-000000000000",
};
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The page's own choice. Without its text the page comes with none: the first keys must not go into another file. */
const chooseFile = (entries: readonly Entry[], asked: string | undefined): Entry | undefined => {
  const shown = entries.find(({ kind, path }) => kind === "file" && path === asked) ?? firstFile(entries);
  return shown !== undefined && shown.size <= MAX_FIRST_FILE_BYTES ? shown : undefined;
};

const asText = (bytes: Uint8Array): string | undefined => {
  if (bytes.includes(0)) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

const isHidden = (error: unknown): boolean => error instanceof Problem && error.status === 404;

type Needs = {
  readonly sql: Sql;
  readonly projects: Pick<Projects, "getProject">;
  readonly files: Pick<Files, "tree">;
  readonly liveFiles: Pick<LiveFiles, "read">;
};

export const createProjectOpener = ({ sql, projects, files, liveFiles }: Needs): PageSources["openProject"] => {
  /** Looks the project up as the visitor, who must be allowed to see it. */
  const idOf = async ({ userId }: Actor, slug: string): Promise<string | undefined> => {
    const rows = await sql.transaction({ role: "user", userId }, (transaction) =>
      transaction.query<{ id: string | null }>("select atelier_project_of_slug($1) as id", [slug]),
    );
    return rows[0]?.id ?? undefined;
  };
  /** The page comes without the text when its live document can't be read now. */
  const readText = async (actor: Actor, projectId: string, path: string): Promise<OpenedProject["file"]> => {
    try {
      const { entry, bytes } = await liveFiles.read(actor, projectId, { path });
      const content = asText(bytes);
      return content === undefined ? undefined : { id: entry.id, path: entry.path, content, version: entry.version };
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  };
  return async (visitor, { slug, filePath }) => {
    if (slug.includes("\0") || slug.length > 200) return undefined;
    const actor = visitor ?? NOBODY;
    const projectId = await idOf(actor, slug);
    if (projectId === undefined) return undefined;
    try {
      const [project, entries] = await Promise.all([
        projects.getProject(actor, projectId),
        files.tree(actor, projectId),
      ]);
      const chosen = chooseFile(entries, filePath);
      const file = chosen === undefined ? undefined : await readText(actor, projectId, chosen.path);
      return { project, entries, ...(file === undefined ? {} : { file }) };
    } catch (error) {
      if (isHidden(error)) return undefined;
      throw error;
    }
  };
};
