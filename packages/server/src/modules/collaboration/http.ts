/** Binds `GET /projects/:projectId/sessions`. */
import { routes } from "@atelier/contracts";
import type { Edge } from "#platform/http";
import type { Projects } from "#projects";
import type { Collaboration } from "./collaboration.ts";

export const registerCollaborationHttp = (
  edge: Pick<Edge, "bind">,
  parts: {
    readonly collaboration: Pick<Collaboration, "sessionsEverywhere">;
    readonly projects: Pick<Projects, "requireRole">;
  },
): void => {
  edge.bind(routes.liveSessions, async ({ actor, params }) => {
    await parts.projects.requireRole(actor, params.projectId, "viewer");
    return { status: 200 as const, body: await parts.collaboration.sessionsEverywhere(params.projectId) };
  });
};
