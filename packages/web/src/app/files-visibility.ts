/** Whether the tree is shown: from the second file on, unless the user chose otherwise. */
import { useLayoutEffect } from "react";
import { useStore } from "zustand";
import { useApp } from "./services.ts";

export const useFilesShown = (): boolean => {
  const { files, layout, projects } = useApp();
  const isOpen = useStore(projects, ({ state }) => state.kind === "open");
  const count = useStore(files, ({ entries }) => entries.size);
  const chosen = useStore(layout, ({ filesShown }) => filesShown);
  return isOpen && (chosen ?? count > 1);
};

/** Sets the attribute that the style sheet uses. */
export const useFilesVisibility = (): void => {
  const isShown = useFilesShown();
  // Before any effect of what is in the pane: a hidden field takes no focus.
  useLayoutEffect(() => {
    const shell = document.getElementById("shell");
    if (shell) shell.dataset["files"] = isShown ? "shown" : "hidden";
  }, [isShown]);
};
