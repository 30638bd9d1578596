/** The row of the tree in which a new file or folder gets its name. */
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { joinPath } from "./entries.ts";
import { FileIcon, FolderIcon } from "./file-icon.tsx";
import { createEntry } from "./file-actions.ts";
import type { TreeEdit } from "./files-store.ts";
import { nameFault } from "./name-faults.ts";
import { NameField } from "./name-field.tsx";
import { focusRow } from "./row-focus.ts";
import { indentOf } from "./tree-row.tsx";

type NewEntryRowProps = {
  readonly edit: TreeEdit & { kind: "create" };
  /** From 1. */
  readonly level: number;
};

export const NewEntryRow = ({ edit, level }: NewEntryRowProps) => {
  const app = useApp();
  const entries = useStore(app.files, (files) => files.entries);
  const hidden = useStore(app.files, (files) => files.hidden);
  const { what, folder } = edit;
  const end = (): void => app.files.setState({ edit: undefined });
  const keep = (name: string, { byKey }: { readonly byKey: boolean }): void => {
    end();
    createEntry(app, what, joinPath(folder, name), { typesOn: byKey }).then(
      (id) => what === "folder" && focusRow(id),
      (error: unknown) => showToast({ text: `${name} was not made. ${errorText(error)}`, tone: "bad" }),
    );
  };
  return (
    <div
      role="treeitem"
      className="tree-row tree-row-new"
      aria-label={`New ${what}`}
      aria-level={level}
      aria-selected={false}
      style={{ paddingInlineStart: indentOf(level) }}
    >
      <span className="tree-chevron" aria-hidden />
      {what === "folder" ? <FolderIcon isExpanded={false} /> : <FileIcon path="" />}
      <NameField
        label={`Name of the new ${what}${folder === "" ? "" : ` in ${folder}`}`}
        initial=""
        faultOf={(name) => nameFault(name, { entries, hidden, folder })}
        onCancel={end}
        onKeep={keep}
      />
    </div>
  );
};
