/**
 * The tabs above a group of the editor: one takes Tab, arrows move, Delete or the middle button closes, dragged (also to the other group)
 * or moved by keys.
 */
import { Plus, X } from "lucide-react";
import { type DragEvent, type KeyboardEvent, useEffect, useRef, useState, type WheelEvent } from "react";
import { useStore } from "zustand";
import { type App, useApp } from "../../app/services.ts";
import type { GroupSide } from "../editor/index.ts";
import { mayEdit } from "../projects/project-store.ts";
import { folderOf, nameOf } from "./entries.ts";
import { FileIcon } from "./file-icon.tsx";
import { GROUP_ELEMENTS } from "./group-elements.ts";
import { withGroups } from "./group-commands.ts";
import { activateGroup, closeFile, openFile } from "./open-file.ts";
import { startCreating } from "./start-creating.ts";
import { groupAt, isUnsaved, moveTab } from "./tabs-store.ts";

const DRAGGED_TAB = "application/x-atelier-tab";

/** A tab was dropped at a position in a group: it comes from there or, while the editor is split, from the other one. */
const dropTab = (app: App, event: DragEvent, { side, at }: { readonly side: GroupSide; readonly at: number }): void => {
  const fileId = event.dataTransfer.getData(DRAGGED_TAB);
  // The pointer has made the group active that the tab was dragged from.
  if (app.tabs.getState().side === side) moveTab(app.tabs, fileId, at);
  else withGroups(({ moveToOtherGroup }) => moveToOtherGroup(app, fileId, at));
};

const isDraggedTab = ({ dataTransfer }: DragEvent): boolean => dataTransfer.types.includes(DRAGGED_TAB);

type TabProps = {
  readonly side: GroupSide;
  readonly fileId: string;
  readonly path: string;
  readonly index: number;
  readonly isOnly: boolean;
  /** Another open file has the same name: the folder tells them apart. */
  readonly hasTwin: boolean;
};

/** Gives the keyboard to the tab at a position of the list, once the change going on now is drawn. */
const focusTabAt = (list: HTMLElement | null, index: number): void => {
  requestAnimationFrame(() => {
    const tabs = list?.querySelectorAll<HTMLElement>("[role=tab]");
    tabs?.[Math.min(index, tabs.length - 1)]?.focus();
  });
};

const isMoveKey = ({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean =>
  shiftKey && (ctrlKey || metaKey) && (key === "ArrowLeft" || key === "ArrowRight");

const Tab = ({ side, fileId, path, index, isOnly, hasTwin }: TabProps) => {
  const app = useApp();
  const isShown = useStore(app.tabs, (tabs) => groupAt(tabs, side)?.shown === fileId);
  const unsaved = useStore(app.tabs, ({ saves }) => isUnsaved(saves.get(fileId)));
  const slot = useRef<HTMLDivElement>(null);
  const [isTarget, setTarget] = useState(false);
  const folder = folderOf(path);
  useEffect(() => {
    if (isShown) slot.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isShown]);

  // After Escape the browser sends no event to the tab under the drag.
  useEffect(() => {
    if (!isTarget) return undefined;
    const end = (): void => setTarget(false);
    addEventListener("dragend", end);
    return () => removeEventListener("dragend", end);
  }, [isTarget]);

  const show = (): void => {
    activateGroup(app, side);
    openFile(app, fileId);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const list = slot.current?.parentElement ?? null;
    if (isMoveKey(event)) {
      const to = Math.max(0, index + (event.key === "ArrowLeft" ? -1 : 1));
      moveTab(app.tabs, fileId, to);
      focusTabAt(list, to);
    } else if (event.key === "Delete" && !isOnly) {
      closeFile(app, fileId);
      focusTabAt(list, index);
    } else if (event.key === "Enter" || event.key === " ") show();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onDragOver = (event: DragEvent): void => {
    if (!isDraggedTab(event)) return;
    event.preventDefault();
    setTarget(true);
  };
  return (
    <div
      ref={slot}
      className="tab-slot"
      data-shown={isShown}
      data-drop={isTarget || undefined}
      onMouseDown={(event) => event.button === 1 && event.preventDefault()}
      onAuxClick={(event) => event.button === 1 && !isOnly && closeFile(app, fileId)}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED_TAB, fileId)}
      onDragOver={onDragOver}
      onDragLeave={() => setTarget(false)}
      onDrop={(event) => {
        setTarget(false);
        event.stopPropagation();
        dropTab(app, event, { side, at: index });
      }}
      role="presentation"
    >
      <div
        role="tab"
        className="tab"
        aria-selected={isShown}
        aria-controls={GROUP_ELEMENTS[side].editor}
        tabIndex={isShown ? 0 : -1}
        title={path}
        aria-keyshortcuts={isOnly ? undefined : "Delete Control+Shift+ArrowLeft Control+Shift+ArrowRight"}
        onClick={show}
        onKeyDown={onKeyDown}
      >
        <FileIcon path={path} />
        <span className="tab-name">{nameOf(path)}</span>
        {hasTwin && <span className="tab-folder">{folder === "" ? "at the root" : folder}</span>}
        {unsaved && <span className="visually-hidden">, not saved yet</span>}
      </div>
      {/* As wide with either of them as with none: nothing moves while a change is saved. */}
      <span className="tab-end">
        {unsaved && <span className="tab-dot" aria-hidden />}
        {/* A tab list holds tabs only: the keyboard closes with Delete, this is the pointer's way. */}
        {!isOnly && (
          <span
            className="tab-close"
            aria-hidden
            title="Close (Delete)"
            onClick={() => closeFile(app, fileId, { focus: isShown })}
          >
            <X size={13} />
          </span>
        )}
      </span>
    </div>
  );
};

const onListKey = (event: KeyboardEvent<HTMLElement>): void => {
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")];
  const at = tabs.indexOf(document.activeElement as HTMLElement);
  const steps: Readonly<Record<string, number>> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
  const to = steps[event.key];
  if (to === undefined || at === -1) return;
  event.preventDefault();
  tabs.at(to % tabs.length)?.focus();
};

/** A plain wheel moves the tabs sideways: there is nothing to scroll up or down. */
const onListWheel = ({ currentTarget, deltaX, deltaY }: WheelEvent<HTMLElement>): void => {
  if (deltaX === 0) currentTarget.scrollLeft += deltaY;
};

const NO_TABS: readonly string[] = [];

export const EditorTabs = ({ side }: { readonly side: GroupSide }) => {
  const app = useApp();
  const open = useStore(app.tabs, (tabs) => groupAt(tabs, side)?.open ?? NO_TABS);
  const isSplit = useStore(app.tabs, ({ beside }) => beside !== undefined);
  const entries = useStore(app.files, (files) => files.entries);
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const present = open.flatMap((fileId) => {
    const path = entries.get(fileId)?.path;
    return path === undefined ? [] : [{ fileId, path }];
  });
  const names = Map.groupBy(present, ({ path }) => nameOf(path));
  const addFile = (): void => {
    activateGroup(app, side);
    app.layout.setState({ filesShown: true, pane: "files" });
    startCreating(app, "file", "");
  };
  return (
    <>
      <div
        role="tablist"
        aria-label={side === 0 ? "Open files" : "Open files, second group"}
        className="tab-list"
        tabIndex={-1}
        onKeyDown={onListKey}
        onWheel={onListWheel}
        onDragOver={(event) => isDraggedTab(event) && event.preventDefault()}
        onDrop={(event) => isDraggedTab(event) && dropTab(app, event, { side, at: present.length })}
      >
        {present.map(({ fileId, path }, index) => (
          <Tab
            key={fileId}
            side={side}
            fileId={fileId}
            path={path}
            index={index}
            isOnly={present.length === 1 && !isSplit}
            hasTwin={(names.get(nameOf(path))?.length ?? 0) > 1}
          />
        ))}
      </div>
      {canEdit && (
        <button className="icon-button tab-add" aria-label="New file" title="New file" onClick={addFile}>
          <Plus size={16} />
        </button>
      )}
    </>
  );
};
