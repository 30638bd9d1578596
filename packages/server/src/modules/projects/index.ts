/** Projects: who owns them, who may see and change them, how they are shared, and who is present. */
export { projectsSettings } from "./config.ts";
export { noSuchProject, roleTooLow } from "./errors.ts";
export { registerProjectsHttp } from "./http.ts";
export { createLinkReads, type LinkReads } from "./link-reads.ts";
export { createLinkTokens, type LinkTokens } from "./link-tokens.ts";
export { createMemberExpiry } from "./member-expiry.ts";
export { createPresenceColors, type ColorReference, type PresenceColors } from "./presence-colors.ts";
export { inProject, type ProjectUser, unlessOvertaken } from "./project-scope.ts";
export { createProjects, type Projects } from "./service.ts";
export { registerProjectsSocket } from "./socket.ts";
