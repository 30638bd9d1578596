/** Live documents: several users edit one file concurrently, and no acknowledged edit is lost. */
export { createCollaboration, type Collaboration, type CollaborationOptions } from "./collaboration.ts";
export { createCollaborationHousekeeping } from "./log/housekeeping.ts";
export { type ArchiveImports, createArchiveImports } from "./import/archive-imports.ts";
export { registerImportHttp } from "./import/http.ts";
export type { Spool } from "./import/ports.ts";
export { registerCollaborationHttp } from "./http.ts";
export { idempotencyKeyOf } from "./live-files/idempotency-key.ts";
export { registerLiveFilesHttp } from "./live-files/http.ts";
export { createLiveFiles, type LiveDocuments, type LiveFiles } from "./live-files/live-files.ts";
export { createDocumentCpu, type DocumentCpu } from "./materialise/document-cpu.ts";
export { createDocumentStorage, type DocumentStorage } from "./document/document-storage.ts";
export { createSnapshots, type Snapshots } from "./snapshot/snapshots.ts";
export { registerCollaborationSocket } from "./socket.ts";
