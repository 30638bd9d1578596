/** The bar at the bottom: how far saving is, where the cursor is, how the file is written, what programs run in. */
import { useStore } from "zustand";
import { EditorStatusItems } from "../features/editor/status-items.tsx";
import { TierItem } from "../features/execution/tier-item.tsx";
import { SaveStateLabel } from "../features/files/save-state.tsx";
import { useApp } from "./services.ts";
import "./status-bar.css";
import { useIsPhone } from "./use-is-phone.ts";

export const StatusBar = () => {
  const { projects, tabs } = useApp();
  const kind = useStore(projects, ({ state }) => state.kind);
  const hasFile = useStore(tabs, ({ shown }) => shown !== undefined);
  // A phone has the save state in its top bar, and no space for the rest.
  if (useIsPhone()) return null;
  const isEditing = kind === "sample" || (kind === "open" && hasFile);
  return (
    <>
      <SaveStateLabel />
      <span className="bar-space" />
      {isEditing && <EditorStatusItems />}
      {(kind === "sample" || kind === "open") && <TierItem />}
    </>
  );
};
