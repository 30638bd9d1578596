/** The routes of the tree, of versions, and of new projects, which have initial files. LiveFiles reads and writes content. */
import { routes } from "@atelier/contracts";
import type { Edge } from "#platform/http";
import type { Files } from "./service.ts";

export const registerFilesHttp = (edge: Edge, files: Files): void => {
  edge.bind(routes.createProject, async ({ actor, body }) => {
    const project = await files.createProject(actor, body);
    return { status: 201 as const, body: project, audit: { projectId: project.id } };
  });
  edge.bind(routes.tree, async ({ actor, params }) => ({
    status: 200 as const,
    body: { entries: await files.tree(actor, params.projectId) },
  }));
  edge.bind(routes.history, async ({ actor, params, query }) => ({
    status: 200 as const,
    body: { versions: await files.history(actor, params.projectId, query.path) },
  }));
  edge.bind(routes.createFolder, async ({ actor, params, body }) => ({
    status: 201 as const,
    body: await files.createFolder(actor, params.projectId, body.path),
    audit: { projectId: params.projectId, target: body.path },
  }));
};
