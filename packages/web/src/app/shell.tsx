/** The shell: draws each part into its place of the static page, around an editor that React does not own. */
import { type ReactNode, useLayoutEffect } from "react";
import { createPortal } from "react-dom";
import { useStore } from "zustand";
import { ToastList } from "../design/toast-list.tsx";
import { ComparisonCover } from "../features/files/comparison-cover.tsx";
import { EditorTabs } from "../features/files/editor-tabs.tsx";
import { FileCover } from "../features/files/file-cover.tsx";
import { ProblemsButton } from "../features/files/problems-button.tsx";
import { WindowDrop } from "../features/files/window-drop.tsx";
import { FollowFrame } from "../features/presence/avatars.tsx";
import { LanguageChips } from "../features/projects/language-chips.tsx";
import { ProjectCover } from "../features/projects/project-cover.tsx";
import { BottomTabs } from "./bottom-tabs.tsx";
import { Boundary, partFailed } from "./boundary.tsx";
import { Dialogs } from "./dialogs.tsx";
import { useFilesVisibility } from "./files-visibility.ts";
import { Notices } from "./notices.tsx";
import { KeyRow } from "./key-row.tsx";
import { FilesSeparator, OutputSeparator } from "./separators.tsx";
import { useApp } from "./services.ts";
import { StatusBar } from "./status-bar.tsx";
import { ShownView, ViewTabs } from "./views/view-tabs.tsx";
import { TopBar } from "./top-bar.tsx";

const place = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
};

const In = ({ slot, children }: { readonly slot: string; readonly children: ReactNode }) =>
  createPortal(<Boundary instead={partFailed}>{children}</Boundary>, place(slot));

const TabStrip = () => {
  const kind = useStore(useApp().projects, ({ state }) => state.kind);
  if (kind === "sample") return <LanguageChips />;
  return kind === "open" ? <EditorTabs /> : null;
};

/** What the static page showed in the meantime is hidden in the same frame. */
const useClearedPlaceholders = (): void =>
  useLayoutEffect(() => {
    for (const placeholder of document.querySelectorAll("[data-placeholder]")) placeholder.remove();
  }, []);

export const Shell = () => {
  useFilesVisibility();
  useClearedPlaceholders();
  return (
    <>
      <In slot="slot-bar">
        <TopBar />
      </In>
      <In slot="slot-notices">
        <Notices />
      </In>
      <In slot="slot-files">
        <ViewTabs place="side" />
        <ShownView place="side" />
        <FilesSeparator />
      </In>
      <In slot="slot-tabs">
        <TabStrip />
        <ProblemsButton />
      </In>
      <In slot="slot-editor-cover">
        <ProjectCover />
        <FileCover />
        <ComparisonCover />
        <FollowFrame />
      </In>
      <In slot="slot-output">
        <OutputSeparator />
        <ShownView place="panel" />
      </In>
      <In slot="slot-status">
        <StatusBar />
      </In>
      <In slot="slot-bottom">
        <KeyRow />
        <BottomTabs />
      </In>
      <WindowDrop />
      <Dialogs />
      <ToastList />
    </>
  );
};
