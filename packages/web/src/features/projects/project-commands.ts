/** The commands of whole projects. */
import type { Project } from "@atelier/contracts";
import { newAddress } from "../../app/address.ts";
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { chooseArchiveForProject } from "./choose-archive.ts";
import { deleteProject, downloadProject, duplicateProject } from "./project-actions.ts";
import { openProjectOf } from "./project-store.ts";

export const projectCommands = (app: App): Command[] => {
  const withProject = (act: (project: Project) => unknown) => (): void => {
    const project = openProjectOf(app.projects);
    if (project) act(project);
  };
  const isOpen = (): boolean => openProjectOf(app.projects) !== undefined;
  return [
    {
      id: "project.duplicate",
      title: "Duplicate",
      group: "Project",
      when: isOpen,
      run: withProject((project) => duplicateProject(app, project)),
    },
    {
      id: "project.download",
      title: "Download as zip",
      group: "Project",
      when: isOpen,
      run: withProject((project) => downloadProject(app, project)),
    },
    {
      id: "project.delete",
      title: "Delete",
      group: "Project",
      when: () => openProjectOf(app.projects)?.role === "owner",
      run: withProject((project) => deleteProject(app, project)),
    },
    {
      id: "project.newFromArchive",
      title: "From an archive",
      group: "New project",
      run: () => chooseArchiveForProject(app),
    },
    ...app.boot.languages.map(({ id, name }) => ({
      id: `project.new.${id}`,
      title: name,
      group: "New project",
      run: () => location.assign(newAddress(app.boot.basePath, id)),
    })),
  ];
};
