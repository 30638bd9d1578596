/** Lets the user choose an archive for a new project. */
import { runLate } from "../../app/run-late.ts";
import type { App } from "../../app/services.ts";
import { ARCHIVE_FIELD } from "../files/choose-files.ts";

export const chooseArchiveForProject = (app: App): void => {
  const field = document.createElement("input");
  field.type = "file";
  field.accept = ARCHIVE_FIELD;
  field.addEventListener("change", () => {
    const [file] = field.files ?? [];
    if (file === undefined) return;
    runLate(
      () => import("./project-from-archive.ts"),
      ({ projectFromArchive }) => projectFromArchive(app, file),
      "No project was made.",
    );
  });
  field.click();
};
