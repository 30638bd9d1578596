/** Whether the tree is there: from the second file on, unless the reader said otherwise. */
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

/** Tells the layout, which is CSS. */
export const useFilesVisibility = (): void => {
  const isShown = useFilesShown();
  // Before any effect of what is in the pane: a hidden field takes no focus.
  useLayoutEffect(() => {
    const shell = document.getElementById("shell");
    if (shell) shell.dataset["files"] = isShown ? "shown" : "hidden";
  }, [isShown]);
};
