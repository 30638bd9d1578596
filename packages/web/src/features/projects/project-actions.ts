/** Actions on a whole project: delete, restore, duplicate, download. */
import { type Project, routes } from "@atelier/contracts";
import { projectAddress } from "../../app/address.ts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { fetchFile } from "../../app/transport.ts";
import { showToast } from "../../design/toasts.ts";
import { saveBlob } from "../files/save-blob.ts";
import { type ProjectState, setProjectState } from "./project-store.ts";

/** Saves the latest edits first, so that the copy has them; an unreachable server delays this only briefly. */
const SAVE_WAIT_MS = 5000;

/** Opens a copy of the project. */
export const duplicateProject = async (app: App, project: Project): Promise<void> => {
  try {
    await app.editor.whenSaved(SAVE_WAIT_MS);
    const copy = await app.call(routes.forkProject, { params: { projectId: project.id }, body: {} });
    location.assign(projectAddress(app.boot.basePath, copy.slug));
  } catch (error) {
    showToast({ text: `${project.name} was not duplicated. ${errorText(error)}`, tone: "bad" });
  }
};

/** Saves the project as a zip archive. */
export const downloadProject = async (app: App, project: Project): Promise<void> => {
  try {
    await app.editor.whenSaved(SAVE_WAIT_MS);
    const input = { params: { projectId: project.id } };
    const archive = await fetchFile(app.boot.basePath, routes.exportProject, input, await app.session.token());
    saveBlob(archive, `${project.name.replaceAll(/[/\\:]/gu, "-")}.zip`);
  } catch (error) {
    showToast({ text: `${project.name} was not downloaded. ${errorText(error)}`, tone: "bad" });
  }
};

/** Moves the project to the bin; the page shows that, with an undo. */
export const deleteProject = async (app: App, project: Project): Promise<void> => {
  try {
    await app.editor.whenSaved(SAVE_WAIT_MS);
    const deleting = app.call(routes.deleteProject, { params: { projectId: project.id } });
    // Set before the server closes the sockets, so that this is not shown as a loss of rights.
    setProjectState(app.projects, { kind: "deleted", project, deleting });
    await deleting;
  } catch (error) {
    setProjectState(app.projects, { kind: "open", project });
    showToast({ text: `${project.name} was not deleted. ${errorText(error)}`, tone: "bad" });
  }
};

/** Restores a project from the bin and opens it again. */
export const restoreProject = async (
  app: App,
  { project, deleting }: Pick<ProjectState & { kind: "deleted" }, "project" | "deleting">,
): Promise<void> => {
  try {
    await deleting;
    await app.call(routes.restoreProject, { params: { projectId: project.id } });
    location.reload();
  } catch (error) {
    showToast({ text: `${project.name} was not restored. ${errorText(error)}`, tone: "bad" });
  }
};
