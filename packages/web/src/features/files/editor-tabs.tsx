/** The tabs above the editor: one takes Tab, arrows move, Delete or the middle button closes. */
import { Plus, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { mayEdit } from "../projects/project-store.ts";
import { nameOf } from "./entries.ts";
import { FileIcon } from "./file-icon.tsx";
import { closeFile, openFile } from "./open-file.ts";
import { isUnsaved, moveTab } from "./tabs-store.ts";

const DRAGGED_TAB = "application/x-atelier-tab";

type TabProps = { readonly fileId: string; readonly path: string; readonly index: number; readonly isOnly: boolean };

const Tab = ({ fileId, path, index, isOnly }: TabProps) => {
  const app = useApp();
  const isShown = useStore(app.tabs, ({ shown }) => shown === fileId);
  const unsaved = useStore(app.tabs, ({ saves }) => isUnsaved(saves.get(fileId)));
  const tab = useRef<HTMLDivElement>(null);
  const name = nameOf(path);
  useEffect(() => {
    if (isShown) tab.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isShown]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Delete" && !isOnly) closeFile(app, fileId);
    else if (event.key === "Enter" || event.key === " ") openFile(app, fileId);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="tab-slot"
      data-shown={isShown}
      onAuxClick={(event) => event.button === 1 && !isOnly && closeFile(app, fileId)}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED_TAB, fileId)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => moveTab(app.tabs, event.dataTransfer.getData(DRAGGED_TAB), index)}
      role="presentation"
    >
      <div
        ref={tab}
        role="tab"
        className="tab"
        aria-selected={isShown}
        aria-controls="editor"
        tabIndex={isShown ? 0 : -1}
        title={path}
        aria-keyshortcuts={isOnly ? undefined : "Delete"}
        onClick={() => openFile(app, fileId)}
        onKeyDown={onKeyDown}
      >
        <FileIcon path={path} />
        <span>{name}</span>
        {unsaved && <span className="visually-hidden">, not saved yet</span>}
      </div>
      {unsaved && <span className="tab-dot" aria-hidden />}
      {/* A tab list holds tabs only: the keyboard closes with Delete, this is the pointer's way. */}
      {!isOnly && (
        <span className="tab-close" aria-hidden onClick={() => closeFile(app, fileId)}>
          <X size={13} />
        </span>
      )}
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

export const EditorTabs = () => {
  const app = useApp();
  const open = useStore(app.tabs, (tabs) => tabs.open);
  const entries = useStore(app.files, (files) => files.entries);
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const present = open.flatMap((fileId) => {
    const path = entries.get(fileId)?.path;
    return path === undefined ? [] : [{ fileId, path }];
  });
  const addFile = (): void => {
    app.layout.setState({ filesShown: true, pane: "files" });
    app.files.setState({ edit: { kind: "create", what: "file", folder: "" } });
  };
  return (
    <>
      <div role="tablist" aria-label="Open files" className="tab-list" tabIndex={-1} onKeyDown={onListKey}>
        {present.map(({ fileId, path }, index) => (
          <Tab key={fileId} fileId={fileId} path={path} index={index} isOnly={present.length === 1} />
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
