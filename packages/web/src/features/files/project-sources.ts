/** The open project's files, as the editor's type checker reads them. */
import { routes } from "@atelier/contracts";
import type { Call } from "../../app/api.ts";
import type { ProjectSources } from "../editor/index.ts";
import { openProjectOf, type ProjectStore } from "../projects/project-store.ts";
import { filesOf } from "./entries.ts";
import type { FilesStore } from "./files-store.ts";

export const createProjectSources = (call: Call, projects: ProjectStore, files: FilesStore): ProjectSources => ({
  files: () =>
    new Map(
      openProjectOf(projects)
        ? filesOf(files.getState().entries).map(({ path, size, id, version, hash }) => [
            path,
            { size, stamp: `${id}/${version}/${hash}` },
          ])
        : [],
    ),
  read: async (path) => {
    const project = openProjectOf(projects);
    if (!project) throw new Error("no project is open");
    const { content = "", encoding } = await call(routes.readFile, {
      params: { projectId: project.id },
      query: { path },
    });
    return encoding === "base64" ? undefined : content;
  },
  onChange: (listener) =>
    files.subscribe(({ entries }, { entries: before }) => {
      if (entries !== before) listener();
    }),
});
