/** Adds dropped and pasted files to the project; what does it is loaded with the first of them. */
import type { App } from "../../app/services.ts";
import { runLate } from "../../app/run-late.ts";
import { takeItems } from "./transfer-items.ts";

/** To a folder (empty: the root). */
export const addTransferred = (app: App, folder: string, transfer: DataTransfer): void => {
  const items = takeItems(transfer);
  runLate(
    () => import("./add-files.ts"),
    ({ addItems }) => addItems(app, folder, items),
    "Nothing was added.",
  );
};
