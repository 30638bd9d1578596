/** Lets the user choose files, or a whole folder, and adds them to the project. */
import type { App } from "../../app/services.ts";
import { runLate } from "../../app/run-late.ts";

/** To a folder (empty: the root). */
export const chooseFiles = (app: App, folder: string, what: "files" | "folder"): void => {
  const field = document.createElement("input");
  field.type = "file";
  field.multiple = true;
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
