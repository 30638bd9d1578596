/** Reads a whole project for an archive: first the locations of all contents, before a byte is sent; then file by file. */
import type { Entry } from "@atelier/contracts";
import type { BlobStore } from "#platform/blobs";
import type { Sql } from "#platform/sql";
import { inProject, noSuchProject, type ProjectUser } from "#projects";
import type { ContentRow, ContentStore } from "./content-store.ts";
import { noSuchFile } from "./errors.ts";
import { readNodes, toTree } from "./node-rows.ts";
import type { StoredFile } from "./file-reads.ts";

/** Small bodies that are read together, and files after which the right is checked again. */
const FILES_A_STEP = 64;

type Location = Omit<ContentRow, "sealed"> & { readonly id: string; readonly is_staged: boolean };

/** Includes files that were deleted meanwhile: their bytes are kept as long as they are in the bin. */
const LOCATIONS = `
  select v.file_id as id, p.owner_id, b.storage_key, b.wrapped_key, s.storage_key is not null as is_staged
    from unnest($2::uuid[], $3::integer[]) as w (file_id, version)
    join file_versions v on v.project_id = $1 and v.file_id = w.file_id and v.version = w.version
    join projects p on p.id = $1
    left join blob_references b on b.owner_id = p.owner_id and b.hash = v.hash
    left join blob_staging s on s.storage_key = b.storage_key`;

export type ArchiveReads = {
  /**
   * Every entry by path, and the bytes of the files among them in the same order, one at a time, at the versions that the entries
   * name. Where they are is known when it resolves: the project may be moved to the bin meanwhile. Rights are checked again along the
   * way: a user who loses them otherwise gets no further files.
   * @param path only this file, or this folder with all below it @throws Problem projects/no-such-file
   */
  readInOrder(
    user: ProjectUser,
    path?: string,
  ): Promise<{ readonly entries: readonly Entry[]; readonly contents: AsyncIterable<StoredFile> }>;
};

export const createArchiveReads = (needs: {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly contents: ContentStore;
}): ArchiveReads => {
  const { sql, blobs, contents } = needs;

  /** Moves staged bodies to the store now, because they can't be read from the database when the project is in the bin. */
  const moveStaged = async (user: ProjectUser, storageKeys: readonly string[]): Promise<void> => {
    for (let at = 0; at < storageKeys.length; at += FILES_A_STEP) {
      const staged = await inProject(sql, { ...user, atLeast: "viewer" }, (transaction) =>
        transaction.query<{ storage_key: string; sealed: Buffer }>(
          "select storage_key, sealed from blob_staging where storage_key = any ($1)",
          [storageKeys.slice(at, at + FILES_A_STEP)],
        ),
      );
      await Promise.all(staged.map(({ storage_key: key, sealed }) => blobs.put(key, sealed)));
    }
  };

  const requireRight = async (user: ProjectUser): Promise<void> => {
    const [row] = await sql.transaction({ role: "user", ...user }, (transaction) =>
      transaction.query<{ may: boolean }>("select atelier_may_finish_archive() as may"),
    );
    if (row?.may !== true) throw noSuchProject();
  };

  return {
    async readInOrder(user, path) {
      const { entries, locations } = await inProject(sql, { ...user, atLeast: "viewer" }, async (transaction) => {
        const whole = toTree(await readNodes(transaction, user.projectId));
        const tree =
          path === undefined
            ? whole
            : whole.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`));
        if (path !== undefined && tree.length === 0) throw noSuchFile(path);
        const files = tree.filter(({ kind }) => kind === "file");
        const rows = await transaction.query<Location>(LOCATIONS, [
          user.projectId,
          files.map(({ id }) => id),
          files.map(({ version }) => version),
        ]);
        return { entries: tree, locations: new Map(rows.map((row) => [row.id, row])) };
      });
      const files: Array<{ readonly entry: Entry; readonly location: Location }> = [];
      for (const entry of entries) {
        if (entry.kind === "folder") continue;
        const location = locations.get(entry.id);
        if (location === undefined) throw new Error(`Version ${entry.version} of ${entry.id} is missing.`);
        files.push({ entry, location });
      }
      await moveStaged(
        user,
        files.flatMap(({ location }) =>
          location.is_staged && location.storage_key !== null ? [location.storage_key] : [],
        ),
      );
      const contentsOf = async function* (): AsyncGenerator<StoredFile> {
        for (const [at, { entry, location }] of files.entries()) {
          if (at > 0 && at % FILES_A_STEP === 0) await requireRight(user);
          yield { entry, bytes: await contents.open({ ...location, sealed: null }) };
        }
      };
      return { entries, contents: contentsOf() };
    },
  };
};
