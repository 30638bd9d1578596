/** What can be done with a whole project: deleted and taken back, duplicated, downloaded. */
import { type Project, routes } from "@atelier/contracts";
import { projectAddress } from "../../app/address.ts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { fetchFile } from "../../app/transport.ts";
import { showToast } from "../../design/toasts.ts";
import { saveBlob } from "../files/save-blob.ts";
import { setProjectState } from "./project-store.ts";

/** What was typed a moment ago belongs to the copy as well; a server that is away is no reason to wait for long. */
const SAVE_WAIT_MS = 5000;

/** The deletion that is going on: it can be taken back only when it is done. */
let deleting: Promise<unknown> = Promise.resolve();

/** Goes to a copy of the project. */
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

/** Moves the project to the bin; the page says so, with a way back. */
export const deleteProject = async (app: App, project: Project): Promise<void> => {
  try {
    await app.editor.whenSaved(SAVE_WAIT_MS);
    // Said before the server closes what is open: that is no loss of rights.
    setProjectState(app.projects, { kind: "deleted", project });
    deleting = app.call(routes.deleteProject, { params: { projectId: project.id } });
    await deleting;
  } catch (error) {
    setProjectState(app.projects, { kind: "open", project });
    showToast({ text: `${project.name} was not deleted. ${errorText(error)}`, tone: "bad" });
  }
};

/** Takes a project out of the bin and opens it again. */
export const restoreProject = async (app: App, project: Project): Promise<void> => {
  try {
    await deleting;
    await app.call(routes.restoreProject, { params: { projectId: project.id } });
    location.reload();
  } catch (error) {
    showToast({ text: `${project.name} was not brought back. ${errorText(error)}`, tone: "bad" });
  }
};
