/** Files at rest: the tree of a project, versions, content and its retention. */
export { type AccountQuota, createAccountQuota } from "./account-quota.ts";
export { tooLarge, versionConflict } from "./errors.ts";
export { filesSettings } from "./config.ts";
export type { ReadAllOptions, StoredFile } from "./file-reads.ts";
export type { CheckpointSave, Written } from "./file-writes.ts";
export { createFilesHousekeeping } from "./housekeeping.ts";
export type { ImportWrites, NewEntry, NewEntryOutcome } from "./import-writes.ts";
export { registerFilesHttp } from "./http.ts";
export type { Templates } from "./ports.ts";
export { findReplay, keepReplay, type Replay } from "./replays.ts";
export { createFiles, type Files, type NewFile, type NextBytes, type VersionAt } from "./service.ts";
export { createStagingMover } from "./staging-mover.ts";
