/** Writes the files of a plan: new ones in batches, existing ones as new versions; one batch of contents is in memory. */
import { createHash } from "node:crypto";
import type { ImportSkipReason } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import { Problem } from "#kernel/problem";
import type { Files, NewEntry } from "#files";
import type { LiveFiles } from "../live-files/live-files.ts";
import { type Archive, DamagedEntry } from "./archive.ts";
import type { ImportPlan, PlannedFile } from "./import-plan.ts";
import type { ReportDraft } from "./import-report.ts";

/** A batch is one transaction, which keeps others from changing the tree meanwhile. */
const BATCH_FILES = 256;
const BATCH_BYTES = 4 * 1_048_576;

const REASONS: Readonly<Record<string, ImportSkipReason>> = {
  "projects/path-taken": "name-taken",
  "projects/not-a-folder": "path-conflict",
  "projects/not-a-file": "path-conflict",
  "projects/too-many-files": "too-many-files",
  "projects/too-large": "no-space",
};

export type WriteNeeds = {
  readonly files: Pick<Files, "makeEntries" | "markExecutable">;
  readonly liveFiles: Pick<LiveFiles, "write">;
};

type Batch = Array<NewEntry & { readonly planned: PlannedFile | undefined }>;

/** @throws Problem when the user may not write any more, or the server can't; AbortError when the signal is. What came in stays. */
export const writeImport = async (
  { actor, projectId, signal }: { readonly actor: Actor; readonly projectId: string; readonly signal: AbortSignal },
  { archive, plan, report }: { readonly archive: Archive; readonly plan: ImportPlan; readonly report: ReportDraft },
  { files, liveFiles }: WriteNeeds,
): Promise<void> => {
  /** @throws the failure, when it is not one of this file alone */
  const skipFor = (path: string, error: unknown): void => {
    const reason = error instanceof Problem ? REASONS[error.code] : undefined;
    if (!(error instanceof Problem) || reason === undefined) throw error;
    report.skip({ path, reason, detail: error.detail ?? error.message });
  };

  const update = async (planned: PlannedFile, bytes: Uint8Array, isThere: boolean): Promise<void> => {
    const { path, entry, existing } = planned;
    try {
      if (isThere && existing?.hash === createHash("sha256").update(bytes).digest("hex")) report.unchanged++;
      else {
        const written = await liveFiles.write(actor, projectId, { path, bytes });
        if (written.entry.version === existing?.version) report.unchanged++;
        else report.updated++;
      }
      if (entry.executable !== undefined) await files.markExecutable(actor, projectId, path, entry.executable);
    } catch (error) {
      skipFor(path, error);
    }
  };

  const makeAll = async (batch: Batch): Promise<void> => {
    const outcomes = await files.makeEntries(actor, projectId, batch);
    for (const [at, outcome] of outcomes.entries()) {
      const { planned, bytes, path } = batch[at] ?? {};
      if (path === undefined) continue;
      if (outcome.kind === "made" && planned === undefined) report.folders++;
      else if (outcome.kind === "made") report.created++;
      // Somebody made the file meanwhile: it gets a new version like any other that is there.
      else if (outcome.kind === "refused" && outcome.problem.code === "projects/path-taken" && planned && bytes)
        await update(planned, bytes, false);
      else if (outcome.kind === "refused") skipFor(path, outcome.problem);
    }
  };

  const read = async ({ entry, path }: PlannedFile): Promise<Uint8Array | undefined> => {
    try {
      return await archive.read(entry);
    } catch (error) {
      if (!(error instanceof DamagedEntry)) throw error;
      report.skip({ path, reason: "damaged", detail: error.message });
      return undefined;
    }
  };

  let batch: Batch = [];
  let batchBytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const full = batch;
    batch = [];
    batchBytes = 0;
    await makeAll(full);
  };

  for (const planned of plan.files) {
    signal.throwIfAborted();
    const bytes = await read(planned);
    if (bytes === undefined) continue;
    if (planned.existing !== undefined) {
      await update(planned, bytes, true);
      continue;
    }
    if (batch.length >= BATCH_FILES || (batch.length > 0 && batchBytes + bytes.byteLength > BATCH_BYTES)) await flush();
    batch.push({ path: planned.path, bytes, executable: planned.entry.executable === true, planned });
    batchBytes += bytes.byteLength;
  }
  for (const path of plan.folders) {
    if (batch.length >= BATCH_FILES) await flush();
    batch.push({ path, bytes: undefined, executable: false, planned: undefined });
  }
  signal.throwIfAborted();
  await flush();
};
