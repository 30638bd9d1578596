/** Lets the user choose files, or a whole folder, and adds them to the project. */
import type { App } from "../../app/services.ts";
import { runLate } from "../../app/run-late.ts";

/** The endings of archives that can be unpacked, as a file field takes them. */
export const ARCHIVE_FIELD = ".zip,.tar,.tgz,.tar.gz,application/zip,application/gzip";

/** To a folder (empty: the root). */
export const chooseFiles = (app: App, folder: string, what: "files" | "folder" | "archive"): void => {
  const field = document.createElement("input");
  field.type = "file";
  field.multiple = what !== "archive";
  if (what === "archive") field.accept = ARCHIVE_FIELD;
  field.webkitdirectory = what === "folder";
  field.addEventListener("change", () => {
    const files = [...(field.files ?? [])];
    runLate(
      () => import("./add-files.ts"),
      ({ addChosen }) => addChosen(app, folder, files),
      "Nothing was added.",
    );
  });
  field.click();
};
