/** The file tree (WAI-ARIA tree pattern): one row takes Tab, keys move and act, every drag has a key or a menu. */
import { FilePlus, FolderPlus } from "lucide-react";
import { type DragEvent, type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { mayEdit } from "../projects/project-store.ts";
import { joinPath, nameOf } from "./entries.ts";
import { createEntry, deleteEntry, folderForNew, moveEntry, nameFault } from "./file-actions.ts";
import "./files.css";
import { setExpanded } from "./files-store.ts";
import { NameField } from "./name-field.tsx";
import { openFile } from "./open-file.ts";
import { mayMoveInto, moveByKey, visibleRows } from "./tree-model.ts";
import { DRAGGED_ENTRY, TreeRow } from "./tree-row.tsx";

const NewEntry = () => {
  const app = useApp();
  const edit = useStore(app.files, (files) => files.edit);
  if (edit?.kind !== "create") return null;
  const { what, folder } = edit;
  const end = (): void => app.files.setState({ edit: undefined });
  const keep = (name: string): void => {
    end();
    createEntry(app, what, joinPath(folder, name)).catch((error: unknown) =>
      showToast({ text: `${name} was not made. ${errorText(error)}`, tone: "bad" }),
    );
  };
  return (
    <div className="tree-row tree-row-new">
      <NameField
        key={`${what} ${folder}`}
        label={`Name of the new ${what}${folder === "" ? "" : ` in ${folder}`}`}
        initial=""
        faultOf={(name) => nameFault(app, name, folder)}
        onCancel={end}
        onKeep={keep}
      />
    </div>
  );
};

const TreeHeader = () => {
  const app = useApp();
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const create = (what: "file" | "folder") => () =>
    app.files.setState({ edit: { kind: "create", what, folder: folderForNew(app) } });
  return (
    <header className="tree-header">
      <h2>Files</h2>
      {canEdit && (
        <>
          <button className="icon-button" aria-label="New file" title="New file" onClick={create("file")}>
            <FilePlus size={15} />
          </button>
          <button className="icon-button" aria-label="New folder" title="New folder" onClick={create("folder")}>
            <FolderPlus size={15} />
          </button>
        </>
      )}
    </header>
  );
};

const useRows = () => {
  const { entries, expanded, hidden } = useStore(useApp().files);
  return useMemo(() => visibleRows(entries, expanded, hidden), [entries, expanded, hidden]);
};

const Rows = () => {
  const app = useApp();
  const rows = useRows();
  const focusedId = useStore(app.files, (files) => files.focusedId);
  const tree = useRef<HTMLDivElement>(null);
  const focusable = rows.some(({ entry }) => entry.id === focusedId) ? focusedId : rows[0]?.entry.id;
  const edit = useStore(app.files, (files) => files.edit);
  const hadEdit = useRef(false);

  useEffect(() => {
    // A field that has closed gives the keyboard back to its row.
    if (hadEdit.current && !edit) document.getElementById(`entry-${focusable}`)?.focus();
    hadEdit.current = edit !== undefined;
  }, [edit, focusable]);

  const dropInto = (folder: string, event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    const entry = app.files.getState().entries.get(event.dataTransfer.getData(DRAGGED_ENTRY));
    if (entry && mayMoveInto(entry, folder)) void moveEntry(app, entry.id, joinPath(folder, nameOf(entry.path)));
  };

  const act = (key: string, id: string): boolean => {
    const canEdit = mayEdit(app.projects.getState().state);
    const row = rows.find(({ entry }) => entry.id === id);
    if (key === "Enter" || key === " ") {
      if (row?.isExpanded === undefined) openFile(app, id);
      else setExpanded(app.files, id, !row.isExpanded);
      return true;
    }
    if (key === "F2" && canEdit) app.files.setState({ edit: { kind: "rename", id } });
    else if (key === "Delete" && canEdit) deleteEntry(app, id);
    else return false;
    return true;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || focusable === undefined) return;
    if (act(event.key, focusable)) {
      event.preventDefault();
      return;
    }
    const move = moveByKey(rows, focusable, event.key);
    if (!move) return;
    event.preventDefault();
    if (move.kind === "focus") document.getElementById(`entry-${move.id}`)?.focus();
    else setExpanded(app.files, move.id, move.kind === "expand");
  };

  return (
    <div
      ref={tree}
      role="tree"
      aria-label="Files"
      className="tree"
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => dropInto("", event)}
    >
      {rows.map((row) => (
        <TreeRow key={row.entry.id} row={row} isFocusable={row.entry.id === focusable} onDropInto={dropInto} />
      ))}
    </div>
  );
};

const Body = () => {
  const app = useApp();
  const { status, error, entries } = useStore(app.files);
  const kind = useStore(app.projects, ({ state }) => state.kind);
  if (kind === "sample")
    return <p className="tree-note">The first edit or run makes this a project; then its files are here.</p>;
  if (status === "failed")
    return (
      <p className="tree-note" role="alert">
        {errorText(error)}
      </p>
    );
  if (status === "loading") {
    return (
      <div className="tree-skeleton" aria-busy="true">
        <span className="visually-hidden">Loading files</span>
        <i /> <i /> <i />
      </div>
    );
  }
  if (entries.size === 0 && status === "ready") return <p className="tree-note">No files yet.</p>;
  return <Rows />;
};

export const FileTree = () => {
  const isOpen = useStore(useApp().projects, ({ state }) => state.kind === "open");
  return (
    <>
      {isOpen && <TreeHeader />}
      <NewEntry />
      <Body />
    </>
  );
};
