/** Previews. */
import { PreviewListSchema } from "../preview.ts";
import { ProjectParamsSchema } from "./projects.ts";
import { defineRoute } from "./route.ts";

export const previewRoutes = {
  listPreviews: defineRoute({
    id: "listPreviews",
    method: "GET",
    path: "/projects/:projectId/previews",
    summary:
      "The addresses at which the project's files are shown as a page; empty when this server has no address for previews",
    access: "user",
    rate: "read",
    audit: null,
    params: ProjectParamsSchema,
    responses: { 200: PreviewListSchema },
    problems: ["projects/no-such-project"],
  }),
} as const;
