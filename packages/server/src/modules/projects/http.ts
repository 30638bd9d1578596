/** The routes of projects, members and links. */
import { routes, type RouteAnswer } from "@atelier/contracts";
import type { Edge } from "#platform/http";
import { attachment } from "./attachment.ts";
import { noSuchMember } from "./errors.ts";
import { registerFilesHttp } from "./files-http.ts";
import type { ProjectsService } from "./service.ts";

/** Limits memory: bytes that wait for the reader, and the small bodies that are read together before. */
const ARCHIVE_BYTES = 8 * 1024 * 1024;
/** An entry, and where its content is. */
const ARCHIVED_ENTRY_BYTES = 1024;

/** Binds every route of contracts' projectRoutes and fileRoutes except liveSessions, which collaboration answers. */
export const registerProjectsHttp = (edge: Edge, service: ProjectsService): void => {
  registerFilesHttp(edge, service);

  edge.bind(routes.createProject, async ({ actor, body }) => {
    const project = await service.createProject(actor, body);
    return { status: 201 as const, body: project, audit: { projectId: project.id } };
  });
  edge.bind(routes.listProjects, async ({ actor, query }) => ({
    status: 200 as const,
    body: await service.listProjects(actor, query),
  }));
  edge.bind(routes.getProject, async ({ actor, params }) => ({
    status: 200 as const,
    body: await service.getProject(actor, params.projectId),
  }));
  edge.bind(routes.updateProject, async ({ actor, params, body }) => ({
    status: 200 as const,
    body: await service.updateProject(actor, params.projectId, body),
    audit: { projectId: params.projectId },
  }));
  edge.bind(routes.deleteProject, async ({ actor, params }) => {
    await service.deleteProject(actor, params.projectId);
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId } };
  });
  edge.bind(routes.restoreProject, async ({ actor, params }) => ({
    status: 200 as const,
    body: await service.restoreProject(actor, params.projectId),
    audit: { projectId: params.projectId },
  }));

  edge.bind(routes.forkProject, async ({ actor, params, body }) => {
    const project = await service.forkProject(actor, params.projectId, body.name);
    return { status: 201 as const, body: project, audit: { projectId: project.id, target: params.projectId } };
  });
  edge.bind(routes.exportProject, async ({ actor, params, hold }) => {
    const { project, entryCount, largestBytes, archive } = await service.exportProject(actor, params.projectId);
    // A file is decrypted whole; the rest of the archive is never in memory.
    hold(2 * largestBytes + entryCount * ARCHIVED_ENTRY_BYTES + ARCHIVE_BYTES);
    const headers = {
      "content-type": "application/zip",
      "content-disposition": attachment(`${project.name.replaceAll("/", "-")}.zip`),
      "x-content-type-options": "nosniff",
    };
    return { status: 200 as const, body: archive, headers };
  });

  edge.bind(routes.listMembers, async ({ actor, params }) => ({
    status: 200 as const,
    body: { members: await service.listMembers(actor, params.projectId) },
  }));
  edge.bind(routes.getMember, async ({ actor, params }) => {
    const members = await service.listMembers(actor, params.projectId);
    const member = members.find(({ userId }) => userId === params.userId);
    if (member === undefined) throw noSuchMember();
    return { status: 200 as const, body: member };
  });
  edge.bind(routes.putMember, async ({ actor, params, body }) => ({
    status: 200 as const,
    body: await service.putMember(actor, params.projectId, { userId: params.userId, role: body.role }),
    audit: { projectId: params.projectId, target: `${params.userId} ${body.role}` },
  }));
  edge.bind(routes.deleteMember, async ({ actor, params }) => {
    await service.deleteMember(actor, params.projectId, params.userId);
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId, target: params.userId } };
  });

  edge.bind(routes.createLink, async ({ actor, params, body }) => {
    const { isNew, ...link } = await service.createLink(actor, params.projectId, body);
    return {
      status: isNew ? (201 as const) : (200 as const),
      body: link,
      audit: { projectId: params.projectId, target: `${link.id} ${link.role}` },
    };
  });
  edge.bind(routes.listLinks, async ({ actor, params }) => ({
    status: 200 as const,
    body: { links: await service.listLinks(actor, params.projectId) },
  }));
  edge.bind(routes.deleteLink, async ({ actor, params }) => {
    await service.deleteLink(actor, params.projectId, params.id);
    return { status: 204 as const, body: undefined, audit: { projectId: params.projectId, target: params.id } };
  });
  edge.bind(routes.acceptLink, async ({ actor, params }) => {
    const project = await service.acceptLink(actor, params.token);
    return { status: 200 as const, body: project, audit: { projectId: project.id } };
  });

  edge.bind(routes.editorState, async ({ actor, params }) => ({
    status: 200 as const,
    body: (await service.editorState(actor, params.projectId)) as RouteAnswer<typeof routes.editorState>,
  }));
  edge.bind(routes.putEditorState, async ({ actor, params, body }) => {
    await service.editorState(actor, params.projectId, body);
    return { status: 200 as const, body, audit: { projectId: params.projectId } };
  });
};
