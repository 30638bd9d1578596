/** Whether the tree is there: from the second file on, unless the reader said otherwise. */
import { useEffect } from "react";
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
  useEffect(() => {
    const shell = document.getElementById("shell");
    if (shell) shell.dataset["files"] = isShown ? "shown" : "hidden";
  }, [isShown]);
};
