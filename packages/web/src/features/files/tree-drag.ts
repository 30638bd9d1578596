/** Dragging in the tree: rows onto folders, and files from outside the page onto them. */
import { type DragEvent, useEffect, useRef, useState } from "react";
import type { App } from "../../app/services.ts";
import { mayEdit } from "../projects/project-store.ts";
import { addTransferred } from "./add-transferred.ts";
import { folderOf } from "./entries.ts";
import { moveInto } from "./file-actions.ts";
import { setExpanded } from "./files-store.ts";
import { mayMoveInto } from "./tree-model.ts";

/** A closed folder under a resting pointer opens after this long. */
const OPEN_AFTER_MS = 650;

export type TreeDrag = {
  /** The folder that would take what is dragged; empty for the root, undefined for none. */
  readonly target: string | undefined;
  readonly onDragStart: (event: DragEvent) => void;
  readonly onDragOver: (event: DragEvent) => void;
  readonly onDragLeave: (event: DragEvent) => void;
  readonly onDragEnd: () => void;
  readonly onDrop: (event: DragEvent) => void;
};

const isFromOutside = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");

/** The handlers of the tree's element; rows are told apart by their `data-entry`. */
export const useTreeDrag = (app: App): TreeDrag => {
  const [target, setTarget] = useState<string>();
  const dragged = useRef<string | undefined>(undefined);
  const resting = useRef<{ id: string; timer: ReturnType<typeof setTimeout> } | undefined>(undefined);

  const entryUnder = (event: DragEvent) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-entry]");
    return app.files.getState().entries.get(row?.dataset["entry"] ?? "");
  };
  const folderUnder = (event: DragEvent): string => {
    const entry = entryUnder(event);
    return entry?.kind === "folder" ? entry.path : folderOf(entry?.path ?? "");
  };
  const rest = (id: string | undefined): void => {
    if (resting.current?.id === id) return;
    clearTimeout(resting.current?.timer);
    resting.current =
      id === undefined ? undefined : { id, timer: setTimeout(() => setExpanded(app.files, id, true), OPEN_AFTER_MS) };
  };
  const end = (): void => {
    dragged.current = undefined;
    rest(undefined);
    setTarget(undefined);
  };
  const fits = (folder: string, event: DragEvent): boolean => {
    if (!mayEdit(app.projects.getState().state)) return false;
    const entry = app.files.getState().entries.get(dragged.current ?? "");
    return entry ? mayMoveInto(entry, folder) : isFromOutside(event);
  };
  useEffect(() => () => clearTimeout(resting.current?.timer), []);

  return {
    target,
    onDragStart(event) {
      const entry = entryUnder(event);
      if (!entry) return;
      dragged.current = entry.id;
      // The row with the focus stays drawn out of sight: a row that goes ends its drag.
      app.files.setState({ focusedId: entry.id });
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", entry.path);
    },
    onDragOver(event) {
      const entry = entryUnder(event);
      rest(entry?.kind === "folder" && entry.id !== dragged.current ? entry.id : undefined);
      const folder = folderUnder(event);
      const isTaken = fits(folder, event);
      setTarget(isTaken ? folder : undefined);
      if (!isTaken) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = isFromOutside(event) ? "copy" : "move";
    },
    onDragLeave(event) {
      if (event.currentTarget.contains(event.relatedTarget as Node | null)) return;
      rest(undefined);
      setTarget(undefined);
    },
    onDragEnd: end,
    onDrop(event) {
      const folder = folderUnder(event);
      const id = dragged.current;
      if (fits(folder, event)) {
        event.preventDefault();
        if (id === undefined) addTransferred(app, folder, event.dataTransfer);
        else void moveInto(app, id, folder);
      }
      end();
    },
  };
};
