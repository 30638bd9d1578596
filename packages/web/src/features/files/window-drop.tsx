/** Adds files dropped anywhere in the window to the project; the tree handles drops on its folders. */
import { FolderInput, LockKeyhole } from "lucide-react";
import { useEffect, useState } from "react";
import { type App, useApp } from "../../app/services.ts";
import { mayEdit } from "../projects/project-store.ts";
import { addTransferred } from "./add-transferred.ts";

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") === true;
/** Drops on a dialog are ignored. */
const isElsewhere = (event: DragEvent): boolean =>
  (event.target as Element).closest?.(".file-tree") !== null || document.querySelector("dialog[open]") !== null;

type DropState = "none" | "takes" | "refuses";

const stateFor = (app: App): DropState => {
  const { state } = app.projects.getState();
  if (state.kind !== "open" && state.kind !== "sample") return "none";
  return mayEdit(state) ? "takes" : "refuses";
};

export const WindowDrop = () => {
  const app = useApp();
  const [shown, setShown] = useState<DropState>("none");
  useEffect(() => {
    // Before the editor and the terminal, which would insert the file as text.
    const options = { capture: true };
    const onDragOver = (event: DragEvent): void => {
      if (!hasFiles(event) || !event.dataTransfer) return;
      if (isElsewhere(event)) {
        setShown("none");
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      const state = stateFor(app);
      event.dataTransfer.dropEffect = state === "takes" ? "copy" : "none";
      setShown(state);
    };
    const onDrop = (event: DragEvent): void => {
      setShown("none");
      if (!hasFiles(event) || !event.dataTransfer || isElsewhere(event)) return;
      // Keeps a file that is dropped outside from replacing the page, which is the browser's default.
      event.preventDefault();
      event.stopPropagation();
      if (stateFor(app) === "takes") addTransferred(app, "", event.dataTransfer);
    };
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setShown("none");
    };
    /** Drops that nothing handles, such as one on a dialog. */
    const refuse = (event: DragEvent): void => {
      if (event.defaultPrevented || !hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    };
    addEventListener("dragover", onDragOver, options);
    addEventListener("drop", onDrop, options);
    addEventListener("dragleave", onDragLeave, options);
    addEventListener("dragover", refuse);
    addEventListener("drop", refuse);
    return () => {
      removeEventListener("dragover", onDragOver, options);
      removeEventListener("drop", onDrop, options);
      removeEventListener("dragleave", onDragLeave, options);
      removeEventListener("dragover", refuse);
      removeEventListener("drop", refuse);
    };
  }, [app]);
  if (shown === "none") return null;
  return (
    <div className="window-drop" data-state={shown}>
      {shown === "takes" ? <FolderInput size={22} aria-hidden /> : <LockKeyhole size={22} aria-hidden />}
      <span>{shown === "takes" ? "Drop to add to the project" : "You can only view this project"}</span>
    </div>
  );
};
