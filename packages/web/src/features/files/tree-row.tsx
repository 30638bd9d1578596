/** One row of the tree: a file or a folder, with its menu, and its field while it is being renamed. */
import { ChevronRight, Download, Ellipsis, FilePlus, FolderInput, FolderPlus, Pencil, Trash2 } from "lucide-react";
import { Fragment, memo, type MouseEvent } from "react";
import { useStore } from "zustand";
import { runLate } from "../../app/run-late.ts";
import { type App, useApp } from "../../app/services.ts";
import { afterRelease } from "../../design/after-release.ts";
import { MenuButton, MenuItem } from "../../design/menu.tsx";
import { mayEdit } from "../projects/project-store.ts";
import { folderOf, joinPath } from "./entries.ts";
import { deleteEntry, moveEntry, moveInto } from "./file-actions.ts";
import { FileIcon, FolderIcon } from "./file-icon.tsx";
import { setExpanded } from "./files-store.ts";
import { nameFault } from "./name-faults.ts";
import { NameField } from "./name-field.tsx";
import { startCreating } from "./start-creating.ts";
import { openFile } from "./open-file.ts";
import { focusRow, rowId } from "./row-focus.ts";
import { mayMoveInto, rowAfterDeletion, type TreeRow as RowModel, visibleRows } from "./tree-model.ts";

/** Where a row's content begins, in CSS pixels. */
export const indentOf = (level: number): number => 8 + (level - 1) * 14;

/** Deletes, and gives the keyboard to the row that takes the place. */
export const deleteRow = (app: App, id: string): void => {
  const { entries, expanded, hidden } = app.files.getState();
  const next = rowAfterDeletion(visibleRows(entries, expanded, hidden), id);
  deleteEntry(app, id);
  if (!next) return;
  app.files.setState({ focusedId: next.entry.id });
  focusRow(next.entry.id);
};

const RowMenu = ({ row }: { readonly row: RowModel }) => {
  const app = useApp();
  const { entry } = row;
  // Asked while the menu is open: a row is not drawn again when the folders around it change.
  const targets = (): string[] => {
    const { entries, hidden } = app.files.getState();
    const folders = [...entries.values()].filter(({ id, kind }) => kind === "folder" && !hidden.has(id));
    return ["", ...folders.map(({ path }) => path).toSorted()].filter((folder) => mayMoveInto(entry, folder));
  };
  const inside = entry.kind === "folder" ? entry.path : folderOf(entry.path);
  const create = (what: "file" | "folder") => () => startCreating(app, what, inside);
  const move = (folder: string) => () => {
    void moveInto(app, entry.id, folder);
    focusRow(entry.id);
  };
  const download = (): void =>
    runLate(
      () => import("./download-entry.ts"),
      ({ downloadEntry }) => downloadEntry(app, entry),
      `${row.name} was not downloaded.`,
    );
  return (
    <MenuButton
      label={`Actions for ${row.name}`}
      className="row-menu"
      icon={<Ellipsis size={15} />}
      tabIndex={-1}
      align="end"
      container={() => document.getElementById("slot-files")}
    >
      {() => (
        <>
          <MenuItem
            icon={<Pencil size={15} />}
            label="Rename"
            hint="F2"
            onChoose={() => app.files.setState({ edit: { kind: "rename", id: entry.id } })}
          />
          <MenuItem icon={<FilePlus size={15} />} label="New file here" onChoose={create("file")} />
          <MenuItem icon={<FolderPlus size={15} />} label="New folder here" onChoose={create("folder")} />
          <MenuItem
            icon={<Download size={15} />}
            label={entry.kind === "file" ? "Download" : "Download as zip"}
            onChoose={download}
          />
          <MenuItem
            icon={<Trash2 size={15} />}
            label="Delete"
            hint="Del"
            isDangerous
            onChoose={() => deleteRow(app, entry.id)}
          />
          {targets().map((folder, index) => (
            <Fragment key={folder}>
              {index === 0 && <div className="menu-rule" />}
              {index === 0 && <div className="menu-heading">Move to</div>}
              <MenuItem
                icon={<FolderInput size={15} />}
                label={folder === "" ? "Project root" : folder}
                onChoose={move(folder)}
              />
            </Fragment>
          ))}
        </>
      )}
    </MenuButton>
  );
};

export type TreeRowProps = {
  readonly row: RowModel;
  readonly isFocusable: boolean;
  /** What is dragged would go into this folder. */
  readonly isDropTarget: boolean;
};

/** Opens the menu of a row's dots; false if there are none. */
export const openRowMenu = (row: Element | null): boolean => {
  const button = row?.querySelector<HTMLElement>(".row-menu");
  if (!button) return false;
  // A browser may report one key twice, as a key and as a context menu.
  if (button.getAttribute("aria-expanded") !== "true") button.click();
  return true;
};

/** A right click, or a long press. Browsers differ on whether menu keys arrive here: the tree handles them. */
const onContextMenu = (event: MouseEvent<HTMLElement>): void => {
  const row = event.currentTarget;
  const target = event.target as Element;
  if (target.closest("input") || !row.querySelector(".row-menu")) return;
  event.preventDefault();
  if (!target.closest(".menu")) afterRelease(() => openRowMenu(row));
};

const Row = ({ row, isFocusable, isDropTarget }: TreeRowProps) => {
  const app = useApp();
  const { entry, name } = row;
  const isShown = useStore(app.tabs, ({ shown }) => shown === entry.id);
  const isRenamed = useStore(app.files, ({ edit }) => edit?.kind === "rename" && edit.id === entry.id);
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));

  const activate = (): void => {
    app.files.setState({ focusedId: entry.id });
    if (row.isExpanded === undefined) openFile(app, entry.id);
    else setExpanded(app.files, entry.id, !row.isExpanded);
  };
  const endEdit = (): void => app.files.setState({ edit: undefined });

  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree, which knows the rows around, takes the keys
    <div
      id={rowId(entry.id)}
      data-entry={entry.id}
      data-drop={isDropTarget || undefined}
      role="treeitem"
      className="tree-row"
      style={{ paddingInlineStart: indentOf(row.level) }}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.setSize}
      aria-expanded={row.isExpanded}
      aria-selected={isShown}
      // While it is renamed, the field in it says what it is.
      aria-label={isRenamed ? undefined : name}
      aria-keyshortcuts={canEdit ? "F2 Delete Shift+F10" : undefined}
      title={name}
      tabIndex={isFocusable ? 0 : -1}
      draggable={canEdit && !isRenamed}
      onClick={activate}
      onFocus={() => app.files.setState({ focusedId: entry.id })}
      onContextMenu={onContextMenu}
    >
      <ChevronRight className="tree-chevron" data-open={row.isExpanded} size={13} aria-hidden />
      {row.isExpanded === undefined ? <FileIcon path={entry.path} /> : <FolderIcon isExpanded={row.isExpanded} />}
      {isRenamed ? (
        <NameField
          label={`New name for ${name}`}
          initial={name}
          faultOf={(text) => {
            const { entries, hidden } = app.files.getState();
            return nameFault(text, { entries, hidden, folder: folderOf(entry.path), ownId: entry.id });
          }}
          onCancel={endEdit}
          onKeep={(text) => {
            endEdit();
            void moveEntry(app, entry.id, joinPath(folderOf(entry.path), text));
          }}
        />
      ) : (
        <span className="tree-name">{name}</span>
      )}
      {canEdit && !isRenamed && (
        <span
          className="row-menu-slot"
          onClick={(event) => event.stopPropagation()}
          onKeyDown={(event) => event.stopPropagation()}
          role="none"
        >
          <RowMenu row={row} />
        </span>
      )}
    </div>
  );
};

/** Drawn again only when it changed itself: moving through a long tree touches two rows. */
export const TreeRow = memo(Row, (before, now) => {
  const [a, b] = [before.row, now.row];
  return (
    before.isFocusable === now.isFocusable &&
    before.isDropTarget === now.isDropTarget &&
    a.entry === b.entry &&
    a.level === b.level &&
    a.isExpanded === b.isExpanded &&
    a.position === b.position &&
    a.setSize === b.setSize
  );
});
