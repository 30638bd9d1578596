/** Saves a file as it is, or a folder as a zip archive, on the user's device. */
import { type Entry, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { fetchFile } from "../../app/transport.ts";
import { showToast } from "../../design/toasts.ts";
import { requireProject } from "../projects/project-store.ts";
import { nameOf } from "./entries.ts";
import { saveBlob } from "./save-blob.ts";

/** The edits of the last moment are saved first; an unreachable server delays this only briefly. */
const SAVE_WAIT_MS = 5000;

export const downloadEntry = async (app: App, { path, kind }: Entry): Promise<void> => {
  const name = nameOf(path);
  try {
    await app.editor.whenSaved(SAVE_WAIT_MS);
    const route = kind === "file" ? routes.readRawFile : routes.exportProject;
    const input = { params: { projectId: requireProject(app.projects).id }, query: { path } };
    const bytes = await fetchFile(app.boot.basePath, route, input, await app.session.token());
    saveBlob(bytes, kind === "file" ? name : `${name}.zip`);
  } catch (error) {
    showToast({ text: `${name} was not downloaded. ${errorText(error)}`, tone: "bad" });
  }
};
