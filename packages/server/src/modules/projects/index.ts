/** Projects, their members and links, and their files at rest: paths, versions, blobs. */
export { projectsSettings, type ProjectsSettings } from "./config.ts";
export type { CheckpointSave, Projects, SavedVersion, StoredFile } from "./face.ts";
export { createProjectsHousekeeping } from "./housekeeping.ts";
export { registerProjectsHttp } from "./http.ts";
export { createLinkReads, type LinkReads } from "./link-reads.ts";
export { createLinkTokens, type LinkTokens } from "./link-tokens.ts";
export { createPresenceColors, type ColorHold, type PresenceColors } from "./presence-colors.ts";
export { createMemberExpiry } from "./member-expiry.ts";
export type { LiveDocuments, Templates } from "./ports.ts";
export { createProjectsService, type ProjectsNeeds, type ProjectsService } from "./service.ts";
export { createStagingMover, type StagingMover } from "./staging-mover.ts";
export { registerProjectsSocket } from "./socket.ts";
