/** Makes a new project of an archive that the user chooses, and goes into it. */
import { isArchiveName, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { importArchive } from "../files/import-archive.ts";
import { enterProject } from "./enter-project.ts";

const nameFor = (file: string): string => {
  const name = file.replace(/\.(?:zip|tar|tgz|tar\.gz)$/iu, "").trim();
  return (name === "" ? "Imported" : name).slice(0, 100);
};

export const projectFromArchive = async (app: App, file: File): Promise<void> => {
  if (!isArchiveName(file.name)) {
    showToast({ text: `${file.name} is no zip, tar or tar.gz archive.`, tone: "bad" });
    return;
  }
  try {
    await app.session.ensure();
    const project = await app.call(routes.createProject, { body: { name: nameFor(file.name) } });
    const params = { projectId: project.id };
    const report = await importArchive(app, {
      projectId: project.id,
      archive: file,
      name: file.name,
      folder: "",
      topFolder: "strip",
    });
    if (!report) {
      // Nobody has seen it; it is in the bin for a while.
      await app.call(routes.deleteProject, { params });
      return;
    }
    await enterProject(app, { project: await app.call(routes.getProject, { params }) });
  } catch (error) {
    showToast({ text: `No project was made of ${file.name}. ${errorText(error)}`, tone: "bad" });
  }
};
