/** The whole route table. */
import { executionRoutes } from "./executions.ts";
import { fileRoutes } from "./files.ts";
import { previewRoutes } from "./previews.ts";
import { projectRoutes } from "./projects.ts";
import { signInRoutes } from "./sign-in.ts";

/** Every operation of the API by its id; paths are below `/api`. */
export const routes = {
  ...signInRoutes,
  ...projectRoutes,
  ...fileRoutes,
  ...executionRoutes,
  ...previewRoutes,
} as const;

/** The sockets; they have the same authentication and limits as the routes, and frames of their own. */
export const sockets = {
  collaborate: "/collaborate/:projectId/:fileId",
  projectEvents: "/projects/:projectId/events",
  executionStream: "/executions/:id/stream",
  /** Numbered channels (channel-frames.ts) for all of the above. */
  project: "/projects/:projectId/socket",
} as const;
