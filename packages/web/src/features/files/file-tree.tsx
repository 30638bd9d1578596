/** The file tree (WAI-ARIA tree pattern): one row takes Tab, keys move and act, every drag has a key or a menu. */
import { FilePlus, FileUp, FolderArchive, FolderPlus, FolderUp, Upload } from "lucide-react";
import { type ClipboardEvent, Fragment, type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { flushSync } from "react-dom";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { notePresses } from "../../design/after-release.ts";
import { MenuButton, MenuItem } from "../../design/menu.tsx";
import { mayEdit } from "../projects/project-store.ts";
import { addTransferred } from "./add-transferred.ts";
import { chooseFiles } from "./choose-files.ts";
import { setExpanded } from "./files-store.ts";
import { NewEntryRow } from "./new-entry-row.tsx";
import { openFile } from "./open-file.ts";
import { focusRow, rowId } from "./row-focus.ts";
import { drawnRows } from "./row-window.ts";
import { folderForNew, startCreating } from "./start-creating.ts";
import { useTreeDrag } from "./tree-drag.ts";
import { moveByKey, visibleRows } from "./tree-model.ts";
import { deleteRow, openRowMenu, TreeRow } from "./tree-row.tsx";
import { useRowView } from "./use-row-view.ts";

const TreeHeader = () => {
  const app = useApp();
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const create = (what: "file" | "folder") => () => startCreating(app, what, folderForNew(app));
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
          <UploadMenu />
        </>
      )}
    </header>
  );
};

const UploadMenu = () => {
  const app = useApp();
  const choose = (what: "files" | "folder" | "archive") => () => chooseFiles(app, folderForNew(app), what);
  return (
    <MenuButton label="Upload" icon={<Upload size={15} />} align="end">
      {() => (
        <>
          <MenuItem icon={<FileUp size={15} />} label="Files" onChoose={choose("files")} />
          <MenuItem icon={<FolderUp size={15} />} label="A folder" onChoose={choose("folder")} />
          <MenuItem icon={<FolderArchive size={15} />} label="Import an archive" onChoose={choose("archive")} />
        </>
      )}
    </MenuButton>
  );
};

const useRows = () => {
  const { entries, expanded, hidden } = useStore(useApp().files);
  return useMemo(() => visibleRows(entries, expanded, hidden), [entries, expanded, hidden]);
};

const isUndoKey = (event: KeyboardEvent): boolean =>
  event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;

/** As tall as the rows that are not drawn there. */
const Space = ({ rows, rowHeight }: { readonly rows: number; readonly rowHeight: number }) =>
  rows > 0 && <div style={{ height: rows * rowHeight }} />;

const Rows = () => {
  const app = useApp();
  const rows = useRows();
  const focusedId = useStore(app.files, (files) => files.focusedId);
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const edit = useStore(app.files, (files) => files.edit);
  const focusable = rows.some(({ entry }) => entry.id === focusedId) ? focusedId : rows[0]?.entry.id;
  const hadEdit = useRef(false);
  const tree = useRef<HTMLDivElement>(null);
  const view = useRowView(tree, ".tree-row");
  const { target, ...drag } = useTreeDrag(app);

  useEffect(() => {
    // A closed field returns the focus to its row, unless the focus has moved since.
    if (hadEdit.current && !edit && document.activeElement === document.body && focusable !== undefined) {
      document.getElementById(rowId(focusable))?.focus();
    }
    hadEdit.current = edit !== undefined;
  }, [edit, focusable]);

  const act = (key: string, id: string): boolean => {
    const row = rows.find(({ entry }) => entry.id === id);
    if (key === "Enter" || key === " ") {
      if (row?.isExpanded === undefined) openFile(app, id);
      else setExpanded(app.files, id, !row.isExpanded);
      return true;
    }
    if (!canEdit) return false;
    if (key === "F2") app.files.setState({ edit: { kind: "rename", id } });
    else if (key === "Delete") deleteRow(app, id);
    else return false;
    return true;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isUndoKey(event)) {
      if (app.deletions.undoLast()) {
        event.preventDefault();
        focusRow(app.files.getState().focusedId);
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || focusable === undefined) return;
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      if (openRowMenu(document.getElementById(rowId(focusable)))) event.preventDefault();
      return;
    }
    if (act(event.key, focusable)) {
      event.preventDefault();
      return;
    }
    const move = moveByKey(rows, focusable, event.key);
    if (!move) return;
    event.preventDefault();
    if (move.kind === "focus") {
      // A row out of sight is not drawn: it is once Tab reaches it.
      flushSync(() => app.files.setState({ focusedId: move.id }));
      document.getElementById(rowId(move.id))?.focus();
    } else setExpanded(app.files, move.id, move.kind === "expand");
  };

  const onPaste = (event: ClipboardEvent): void => {
    // A name that is being edited accepts the paste as text.
    if ((event.target as Element).closest("input") || !event.clipboardData.types.includes("Files")) return;
    event.preventDefault();
    addTransferred(app, folderForNew(app), event.clipboardData);
  };
  const created = edit?.kind === "create" ? edit : undefined;
  const indexOf = (id: string | undefined): number =>
    id === undefined ? -1 : rows.findIndex((row) => row.entry.id === id);
  const drawn = drawnRows({
    ...view,
    count: rows.length,
    kept: [
      indexOf(focusable),
      indexOf(edit?.kind === "rename" ? edit.id : undefined),
      created ? rows.findIndex((row) => row.entry.path === created.folder) : -1,
    ],
  });
  return (
    <div
      ref={tree}
      role="tree"
      aria-label="Files"
      className="file-tree"
      data-drop={target === "" || undefined}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onPaste={onPaste}
      {...drag}
    >
      {created?.folder === "" && <NewEntryRow edit={created} level={1} />}
      {drawn.rows.map(({ index, leftOut }) => {
        const row = rows[index];
        return (
          row && (
            <Fragment key={row.entry.id}>
              <Space rows={leftOut} rowHeight={view.rowHeight} />
              <TreeRow
                row={row}
                isFocusable={row.entry.id === focusable}
                isDropTarget={target !== undefined && target !== "" && row.entry.path === target}
              />
              {created?.folder === row.entry.path && <NewEntryRow edit={created} level={row.level + 1} />}
            </Fragment>
          )
        );
      })}
      <Space rows={drawn.leftOutAfter} rowHeight={view.rowHeight} />
    </div>
  );
};

const Body = () => {
  const app = useApp();
  const { status, entries, hidden, edit } = useStore(app.files);
  const state = useStore(app.projects, (projects) => projects.state);
  if (state.kind === "sample")
    return <p className="tree-note">The first edit or run makes this a project; then its files are here.</p>;
  if (state.kind === "failed") return <p className="tree-note">{errorText(state.error)}</p>;
  if (state.kind !== "open" && state.kind !== "loading") return <p className="tree-note">No project is open.</p>;
  if (status !== "ready") {
    return (
      <div className="tree-skeleton" aria-busy="true">
        <span className="visually-hidden">Loading files</span>
        <i /> <i /> <i />
      </div>
    );
  }
  if (!edit && [...entries.keys()].every((id) => hidden.has(id))) {
    return <p className="tree-note">No files yet.</p>;
  }
  return <Rows />;
};

export const FileTree = () => {
  useEffect(notePresses, []);
  const isOpen = useStore(useApp().projects, ({ state }) => state.kind === "open");
  return (
    <>
      {isOpen && <TreeHeader />}
      <Body />
    </>
  );
};
