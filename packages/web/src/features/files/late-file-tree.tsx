/** The file tree's code is loaded with the first project: a visitor's first page has no tree. */
import { useStore } from "zustand";
import { createLatePane } from "../../app/late-part.tsx";
import { useApp } from "../../app/services.ts";
import "./files.css";

const FileTree = createLatePane(async () => (await import("./file-tree.tsx")).FileTree);

export const LateFileTree = () => {
  const { layout, projects } = useApp();
  const isProject = useStore(projects, ({ state }) => state.kind === "open" || state.kind === "loading");
  // A phone shows the pane without a project too.
  const isShown = useStore(layout, ({ pane }) => pane === "files");
  return isProject || isShown ? <FileTree /> : null;
};
