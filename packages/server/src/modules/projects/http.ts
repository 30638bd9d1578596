/** The routes of projects, members and links. */
import { routes, type RouteAnswer } from "@atelier/contracts";
import type { Edge } from "#platform/http";
import { noSuchMember } from "./errors.ts";
import type { Projects } from "./service.ts";

/** Binds the routes of projects, members, links and the page's state. Later modules bind the routes with files. */
export const registerProjectsHttp = (edge: Edge, projects: Projects): void => {
  edge.bind(routes.listProjects, async ({ actor, query }) => ({
    status: 200 as const,
    body: await projects.listProjects(actor, query),
  }));
  edge.bind(routes.getProject, async ({ actor, params }) => ({
    status: 200 as const,
    body: await projects.getProject(actor, params.projectId),
  }));
  edge.bind(routes.updateProject, async ({ actor, params, body }) => ({
    status: 200 as const,
    body: await projects.updateProject(actor, params.projectId, body),
    audit: { projectId: params.projectId },
  }));
  edge.bind(routes.deleteProject, async ({ actor, params }) => {
    await projects.deleteProject(actor, params.projectId);
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId } };
  });
  edge.bind(routes.restoreProject, async ({ actor, params }) => ({
    status: 200 as const,
    body: await projects.restoreProject(actor, params.projectId),
    audit: { projectId: params.projectId },
  }));

  edge.bind(routes.listMembers, async ({ actor, params }) => ({
    status: 200 as const,
    body: { members: await projects.listMembers(actor, params.projectId) },
  }));
  edge.bind(routes.getMember, async ({ actor, params }) => {
    const members = await projects.listMembers(actor, params.projectId);
    const member = members.find(({ userId }) => userId === params.userId);
    if (member === undefined) throw noSuchMember();
    return { status: 200 as const, body: member };
  });
  edge.bind(routes.putMember, async ({ actor, params, body }) => ({
    status: 200 as const,
    body: await projects.putMember(actor, params.projectId, { userId: params.userId, role: body.role }),
    audit: { projectId: params.projectId, target: `${params.userId} ${body.role}` },
  }));
  edge.bind(routes.deleteMember, async ({ actor, params }) => {
    await projects.deleteMember(actor, params.projectId, params.userId);
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId, target: params.userId } };
  });

  edge.bind(routes.createLink, async ({ actor, params, body }) => {
    const { isNew, ...link } = await projects.createLink(actor, params.projectId, body);
    return {
      status: isNew ? (201 as const) : (200 as const),
      body: link,
      audit: { projectId: params.projectId, target: `${link.id} ${link.role}` },
    };
  });
  edge.bind(routes.listLinks, async ({ actor, params }) => ({
    status: 200 as const,
    body: { links: await projects.listLinks(actor, params.projectId) },
  }));
  edge.bind(routes.deleteLink, async ({ actor, params }) => {
    await projects.deleteLink(actor, params.projectId, params.id);
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId, target: params.id } };
  });
  edge.bind(routes.acceptLink, async ({ actor, params }) => {
    const project = await projects.acceptLink(actor, params.token);
    return { status: 200 as const, body: project, audit: { projectId: project.id } };
  });

  edge.bind(routes.editorState, async ({ actor, params }) => ({
    status: 200 as const,
    body: (await projects.editorState(actor, params.projectId)) as RouteAnswer<typeof routes.editorState>,
  }));
  edge.bind(routes.putEditorState, async ({ actor, params, body }) => {
    await projects.putEditorState(actor, params.projectId, body);
    return { status: 200 as const, body, audit: { projectId: params.projectId } };
  });
};
