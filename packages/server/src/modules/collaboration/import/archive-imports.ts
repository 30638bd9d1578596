/** Imports an archive into a project: rights, limits, the way over the disk, the plan, the writing, the report. */
import { createHash } from "node:crypto";
import { type ImportReport, MAX_FILE_BYTES, pathTwinKey } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { createByteGate } from "#platform/blobs";
import type { Files } from "#files";
import type { Projects } from "#projects";
import type { LiveFiles } from "../live-files/live-files.ts";
import type { ArchiveLimits } from "./archive.ts";
import { planImport } from "./import-plan.ts";
import { createReport } from "./import-report.ts";
import { createImportSlots } from "./import-slots.ts";
import { openArchive, receiveArchive } from "./open-archive.ts";
import type { Spool } from "./ports.ts";
import { writeImport } from "./write-import.ts";

/** Imports that unpack at once; each takes memory for a batch and for one file, packed and sealed. */
const UNPACKING_AT_ONCE = 2;
const PER_USER = 2;
const IN_TOTAL = 32;
/** Archives of this many full sizes may be on the disk at once. */
const FULL_SPOOLS = 4;
/** What an archive may contain beside what a project takes, such as the files of tools. */
const ENTRIES_PER_NODE = 4;
const DIRECTORY_BYTES = 64 * 1_048_576;

export type ImportRequest = {
  /** The archive's bytes; read once the caller may write here. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The folder that takes the archive's root; undefined: the project's root. */
  readonly into?: string | undefined;
  readonly keepsTopFolder?: boolean | undefined;
  /** The same archive under the same key gets the first report again. */
  readonly idempotencyKey?: string | undefined;
  /** Aborted when the caller leaves: nothing more is written then, and what came in stays. */
  readonly signal: AbortSignal;
};

export interface ArchiveImports {
  /** @throws Problem as the route declares */
  importArchive(actor: Actor, projectId: string, request: ImportRequest): Promise<ImportReport>;
}

export type ArchiveImportNeeds = {
  readonly projects: Pick<Projects, "requireRole" | "getProject">;
  readonly files: Pick<Files, "tree" | "limits" | "makeEntries" | "markExecutable" | "findReport" | "keepReport">;
  readonly liveFiles: Pick<LiveFiles, "write">;
  readonly spool: Spool;
  /** Of one archive, as it is sent, and of a tar.gz also unpacked. */
  readonly mostArchiveBytes: number;
  readonly log: Log;
};

export const createArchiveImports = (needs: ArchiveImportNeeds): ArchiveImports => {
  const { projects, files, mostArchiveBytes, log } = needs;
  const slots = createImportSlots({
    perUser: PER_USER,
    inTotal: IN_TOTAL,
    spooledBytes: FULL_SPOOLS * mostArchiveBytes,
  });
  const unpacking = createByteGate(UNPACKING_AT_ONCE);
  const limits: ArchiveLimits = {
    mostEntries: ENTRIES_PER_NODE * files.limits.mostNodes,
    mostDirectoryBytes: DIRECTORY_BYTES,
    mostFileBytes: MAX_FILE_BYTES,
  };

  const unpack = async (
    { actor, projectId, request }: { actor: Actor; projectId: string; request: ImportRequest },
    open: () => ReturnType<typeof openArchive>,
  ): Promise<ImportReport> => {
    const archive = await open();
    const [project, tree] = await Promise.all([projects.getProject(actor, projectId), files.tree(actor, projectId)]);
    const into = request.into ?? "";
    requireFolder(tree, into);
    const plan = planImport(archive, {
      tree,
      into,
      keepsTopFolder: request.keepsTopFolder ?? false,
      mostFileBytes: MAX_FILE_BYTES,
      space: {
        bytes: files.limits.mostBytes - project.sizeBytes,
        nodes: files.limits.mostNodes - tree.length,
      },
    });
    const report = createReport();
    for (const skip of plan.skips) report.skip(skip);
    const { signal } = request;
    await writeImport({ actor, projectId, signal }, { archive, plan, report }, needs);
    return report.finish(plan.strippedFolder);
  };

  return {
    async importArchive(actor, projectId, request) {
      await projects.requireRole(actor, projectId, "editor");
      const slot = slots.enter(actor.userId);
      try {
        await using file = await needs.spool.create();
        const { hash } = await receiveArchive(request.body, file, {
          mostBytes: mostArchiveBytes,
          countBytes: (bytes) => slot.spooled(bytes),
        });
        const replay = replayOf(projectId, request, hash);
        const first = replay && (await files.findReport<ImportReport>(actor, projectId, replay));
        if (first !== undefined) return first;
        const report = await unpacking.run(1, () =>
          unpack({ actor, projectId, request }, () => openArchive(file, limits)),
        );
        log.info("import.done", { projectId, imported: report.imported, skipped: report.skippedCount });
        return replay === undefined ? report : await files.keepReport(actor, projectId, replay, report);
      } catch (error) {
        if (!request.signal.aborted) throw error;
        throw new Problem("request/invalid", "The connection was closed.", { cause: error });
      } finally {
        slot.release();
      }
    },
  };
};

/** @throws Problem projects/not-a-folder, projects/path-taken */
const requireFolder = (tree: readonly { readonly path: string; readonly kind: string }[], into: string): void => {
  const names = into.split("/");
  const above = new Map(
    names.map((_, at) => [pathTwinKey(names.slice(0, at + 1).join("/")), names.slice(0, at + 1).join("/")]),
  );
  for (const { path, kind } of tree) {
    const wanted = above.get(pathTwinKey(path));
    if (wanted === undefined) continue;
    if (wanted !== path) throw new Problem("projects/path-taken", `${path} is taken.`);
    if (kind === "file") throw new Problem("projects/not-a-folder", `${path} is a file.`);
  }
};

const replayOf = (projectId: string, { idempotencyKey: key, into, keepsTopFolder }: ImportRequest, hash: Buffer) =>
  key === undefined
    ? undefined
    : {
        key,
        requestHash: createHash("sha256")
          .update(JSON.stringify([`import ${projectId}`, into ?? null, keepsTopFolder ?? false]))
          .update(hash)
          .digest(),
      };
