/** Takes files from outside the page (dropped on the tree) into the project. */
import { MAX_FILE_BYTES, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { requireProject } from "../projects/project-store.ts";
import { joinPath, withChanged } from "./entries.ts";
import { nameFault } from "./name-faults.ts";
import { openFile } from "./open-file.ts";

type Content = { readonly content: string; readonly encoding?: "base64" };

/** Text as text, anything else as base64: what has a NUL or is no UTF-8 is not text. */
export const contentOf = (bytes: Uint8Array<ArrayBuffer>): Content => {
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!content.includes("\0")) return { content };
  } catch {
    // Not UTF-8: sent as it is.
  }
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x80_00) {
    binary += String.fromCodePoint(...bytes.subarray(at, at + 0x80_00));
  }
  return { content: btoa(binary), encoding: "base64" };
};

const addFile = async (app: App, folder: string, file: File): Promise<string> => {
  const { entries, hidden } = app.files.getState();
  const fault = nameFault(file.name, { entries, hidden, folder });
  if (fault !== undefined) throw new RangeError(fault);
  if (file.size > MAX_FILE_BYTES) throw new RangeError("It is larger than 20 MB.");
  const content = contentOf(new Uint8Array(await file.arrayBuffer()));
  const params = { projectId: requireProject(app.projects).id };
  const made = await app.call(routes.createFile, { params, body: { path: joinPath(folder, file.name), ...content } });
  app.files.setState(({ entries: now }) => ({ entries: withChanged(now, [made]) }));
  return made.id;
};

/** Adds the dropped files one after the other, says which could not be, and opens the last one. */
export const addFiles = async (app: App, folder: string, { items }: DataTransfer): Promise<void> => {
  // Read before the first await: a drop's data is gone after its event.
  const dropped = [...items].filter(({ kind }) => kind === "file");
  const isFolder = dropped.some((item) => item.webkitGetAsEntry()?.isDirectory === true);
  const files = dropped.flatMap((item) => {
    const file = item.webkitGetAsEntry()?.isDirectory === true ? null : item.getAsFile();
    return file ? [file] : [];
  });
  if (isFolder) showToast({ text: "Folders can't be dropped here yet, only files.", tone: "bad" });
  let last: string | undefined;
  for (const file of files) {
    try {
      last = await addFile(app, folder, file);
    } catch (error) {
      const why = error instanceof RangeError ? error.message : errorText(error);
      showToast({ text: `${file.name} was not added. ${why}`, tone: "bad" });
    }
  }
  if (last !== undefined) openFile(app, last);
};
