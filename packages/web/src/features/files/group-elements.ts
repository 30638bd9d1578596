/** The elements of index.html that belong to each group of the editor, by the group's side. */
export const GROUP_ELEMENTS = [
  { tabs: "slot-tabs", frame: "editor-frame", editor: "editor", cover: "slot-editor-cover" },
  { tabs: "slot-tabs-beside", frame: "editor-frame-beside", editor: "editor-beside", cover: "slot-cover-beside" },
] as const;
