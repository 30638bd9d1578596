/** Writes the files that a run wrote in its project folder into the project, with the rights that its starter has then. */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { SandboxCollected } from "./run/ports.ts";
import type { LiveFiles } from "#collaboration";
import type { CollectedFile, SkipReason } from "@atelier/contracts";

export type CollectorNeeds = {
  readonly files: Pick<LiveFiles, "writeMerged">;
  readonly clock: Clock;
  readonly log: Log;
};

/** The run's starter and project, and the file versions that it read. */
export type CollectedFor = {
  readonly actor: Actor;
  readonly projectId: string;
  readonly fileVersions: Readonly<Record<string, number>>;
};

/** Deadline for all files of a run together: its end is reported after this at the latest. */
const SAVE_MS = 10_000;

const REASONS: Readonly<Record<string, SkipReason>> = {
  "projects/no-such-project": "no-right",
  "projects/role-too-low": "no-right",
  "projects/path-taken": "path-taken",
  "projects/not-a-file": "path-taken",
  "projects/not-a-folder": "path-taken",
  "projects/too-large": "no-room",
  "projects/too-many-files": "no-room",
  "projects/version-conflict": "changed-meanwhile",
};

const reasonOf = (error: unknown): SkipReason =>
  (error instanceof Problem ? REASONS[error.code] : undefined) ?? "not-saved";

/** Resolves with one entry for each file, in the order given. Never rejects. */
export const createFileCollector = ({ files: liveFiles, clock, log }: CollectorNeeds) => {
  const saveOne = async (
    { actor, projectId, fileVersions }: CollectedFor,
    { path, bytes }: { path: string; bytes: Uint8Array },
  ): Promise<CollectedFile> => {
    const file = { path, size: bytes.byteLength };
    try {
      const kept = await liveFiles.writeMerged(actor, projectId, { path, bytes, basedOn: fileVersions[path] });
      return { ...file, version: kept.entry.version };
    } catch (error) {
      const skipped = reasonOf(error);
      if (skipped === "not-saved") log.warn("execution.file-not-kept", { projectId, error });
      return { ...file, version: null, skipped };
    }
  };

  return async (of: CollectedFor, files: readonly SandboxCollected[]): Promise<CollectedFile[]> => {
    const late = Promise.withResolvers<"late">();
    const timer = clock.after(SAVE_MS, () => late.resolve("late"));
    const saved: CollectedFile[] = [];
    let isLate = false;
    for (const file of files) {
      if ("skipped" in file) {
        saved.push({ path: file.path, size: file.size, version: null, skipped: file.skipped });
        continue;
      }
      const size = file.bytes.byteLength;
      const notSaved: CollectedFile = { path: file.path, size, version: null, skipped: "not-saved" };
      const result: CollectedFile | "late" = isLate ? "late" : await Promise.race([saveOne(of, file), late.promise]);
      isLate = result === "late";
      saved.push(result === "late" ? notSaved : result);
    }
    timer.cancel();
    return saved;
  };
};

export type FileCollector = ReturnType<typeof createFileCollector>;
