/** Importing an archive into a project: what is left out and why, and the report. */
import { z } from "zod";

/** Why an entry of an archive did not become a file; the sentence beside it in the report says it in words. */
export const IMPORT_SKIP_REASONS = [
  /** A folder that tools generate, or a file that an operating system leaves behind. */
  "left-out",
  /** The path breaks the rules for paths: absolute, upwards, a backslash, a control character, too long. */
  "path-invalid",
  /** The archive has this path more than once. The first entry counts. */
  "duplicate",
  /** The name differs only in case or Unicode form from one that exists, in the project or earlier in the archive. */
  "name-taken",
  /** There is a file where a folder is needed, or a folder where a file is. */
  "path-conflict",
  /** A symbolic or hard link. */
  "link",
  /** A device, a pipe, a sparse file. */
  "special-file",
  "encrypted",
  "unsupported-compression",
  /** The content can't be unpacked, or does not have the size or the checksum that the archive names. */
  "damaged",
  "file-too-large",
  /** The project or its owner's account is full. */
  "no-space",
  "too-many-files",
] as const;
export const ImportSkipReasonSchema = z.enum(IMPORT_SKIP_REASONS);
export type ImportSkipReason = z.infer<typeof ImportSkipReasonSchema>;

/** A report lists at most so many skipped entries; `skippedCount` has all. */
export const MAX_LISTED_SKIPS = 1000;

export const SkippedImportSchema = z.object({
  path: z.string().meta({ description: "As the archive names it, at most 1024 characters" }),
  reason: ImportSkipReasonSchema,
  detail: z.string().meta({ description: "The reason in one sentence" }),
});
export type SkippedImport = z.infer<typeof SkippedImportSchema>;

export const ImportReportSchema = z
  .object({
    imported: z.int().meta({ description: "Files of the archive that the project has now" }),
    created: z.int(),
    updated: z
      .int()
      .meta({ description: "Existing files that got a new version; their history keeps the earlier ones" }),
    unchanged: z.int().meta({ description: "Existing files that were the same already" }),
    folders: z.int().meta({ description: "Empty folders that were made" }),
    strippedFolder: z
      .string()
      .nullable()
      .meta({ description: "The top folder that held everything in the archive and was left away" }),
    skipped: z.array(SkippedImportSchema).meta({ description: `The first ${MAX_LISTED_SKIPS}` }),
    skippedCount: z.int(),
  })
  .meta({ id: "ImportReport" });
export type ImportReport = z.infer<typeof ImportReportSchema>;

/** Folders that tools generate. */
const GENERATED_FOLDERS: ReadonlySet<string> = new Set([
  ".git",
  ".hg",
  ".svn",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".tox",
  ".venv",
  "__MACOSX",
  "__pycache__",
  "node_modules",
]);
/** Files that operating systems leave behind. */
const SYSTEM_FILES: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

export const isGeneratedFolder = (name: string): boolean => GENERATED_FOLDERS.has(name);
export const isSystemFile = (name: string): boolean => SYSTEM_FILES.has(name);

/** The media types of archives that are imported; what an archive really is, its bytes say. */
export const ARCHIVE_MEDIA_TYPES = [
  "application/zip",
  "application/x-zip-compressed",
  "application/gzip",
  "application/x-gzip",
  "application/x-gtar",
  "application/x-tar",
  "application/octet-stream",
] as const;

/** Whether a file of this name is an archive that can be unpacked. */
export const isArchiveName = (name: string): boolean => /\.(?:zip|tar|tgz|tar\.gz)$/iu.test(name);
