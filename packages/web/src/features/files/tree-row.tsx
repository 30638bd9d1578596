/** One row of the tree: a file or a folder, with its menu, and its field while it is being renamed. */
import { ChevronRight, Ellipsis, FilePlus, FolderInput, FolderPlus, Pencil, Trash2 } from "lucide-react";
import type { DragEvent } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { MenuButton, MenuItem } from "../../design/menu.tsx";
import { mayEdit } from "../projects/project-store.ts";
import { folderOf, joinPath } from "./entries.ts";
import { deleteEntry, moveEntry, nameFault } from "./file-actions.ts";
import { FileIcon, FolderIcon } from "./file-icon.tsx";
import { setExpanded } from "./files-store.ts";
import { NameField } from "./name-field.tsx";
import { openFile } from "./open-file.ts";
import { mayMoveInto, type TreeRow as Row } from "./tree-model.ts";

/** What a dragged row carries: the entry's id, under a type of its own so that files from outside are told apart. */
export const DRAGGED_ENTRY = "application/x-atelier-entry";

const RowMenu = ({ row }: { readonly row: Row }) => {
  const app = useApp();
  const { entry } = row;
  const folders = [...app.files.getState().entries.values()].filter(({ kind }) => kind === "folder");
  const targets = ["", ...folders.map(({ path }) => path).toSorted()].filter((folder) => mayMoveInto(entry, folder));
  const inside = entry.kind === "folder" ? entry.path : folderOf(entry.path);
  const create = (what: "file" | "folder") => () => {
    if (entry.kind === "folder") setExpanded(app.files, entry.id, true);
    app.files.setState({ edit: { kind: "create", what, folder: inside } });
  };
  return (
    <MenuButton
      label={`Actions for ${row.name}`}
      className="row-menu"
      icon={<Ellipsis size={15} />}
      tabIndex={-1}
      align="end"
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
            icon={<Trash2 size={15} />}
            label="Delete"
            hint="Del"
            isDangerous
            onChoose={() => deleteEntry(app, entry.id)}
          />
          {targets.length > 0 && <div className="menu-rule" />}
          {targets.length > 0 && <div className="menu-heading">Move to</div>}
          {targets.map((folder) => (
            <MenuItem
              key={folder}
              icon={<FolderInput size={15} />}
              label={folder === "" ? "Project root" : folder}
              onChoose={() => void moveEntry(app, entry.id, joinPath(folder, row.name))}
            />
          ))}
        </>
      )}
    </MenuButton>
  );
};

export type TreeRowProps = {
  readonly row: Row;
  readonly isFocusable: boolean;
  readonly onDropInto: (folder: string, event: DragEvent) => void;
};

export const TreeRow = ({ row, isFocusable, onDropInto }: TreeRowProps) => {
  const app = useApp();
  const { entry, name } = row;
  const isShown = useStore(app.tabs, ({ shown }) => shown === entry.id);
  const isRenamed = useStore(app.files, ({ edit }) => edit?.kind === "rename" && edit.id === entry.id);
  const canEdit = useStore(app.projects, ({ state }) => mayEdit(state));
  const folder = entry.kind === "folder" ? entry.path : folderOf(entry.path);

  const activate = (): void => {
    app.files.setState({ focusedId: entry.id });
    if (row.isExpanded === undefined) openFile(app, entry.id);
    else setExpanded(app.files, entry.id, !row.isExpanded);
  };
  const endEdit = (): void => app.files.setState({ edit: undefined });

  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree, which knows the rows around, takes the keys
    <div
      id={`entry-${entry.id}`}
      role="treeitem"
      className="tree-row"
      style={{ paddingInlineStart: 8 + (row.level - 1) * 14 }}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.setSize}
      aria-expanded={row.isExpanded}
      aria-selected={isShown}
      aria-label={name}
      tabIndex={isFocusable ? 0 : -1}
      draggable={canEdit && !isRenamed}
      onClick={activate}
      onFocus={() => app.files.setState({ focusedId: entry.id })}
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED_ENTRY, entry.id)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => onDropInto(folder, event)}
    >
      <ChevronRight className="tree-chevron" data-open={row.isExpanded} size={13} aria-hidden />
      {row.isExpanded === undefined ? <FileIcon path={entry.path} /> : <FolderIcon isExpanded={row.isExpanded} />}
      {isRenamed ? (
        <NameField
          label={`New name for ${name}`}
          initial={name}
          faultOf={(text) => nameFault(app, text, folderOf(entry.path), entry.id)}
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
