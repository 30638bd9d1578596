/** The shell: draws each part into its slot of the static page, around an editor that React does not own. */
import { type ReactNode, useLayoutEffect } from "react";
import { createPortal } from "react-dom";
import { useStore } from "zustand";
import { ToastList } from "../design/toast-list.tsx";
import type { GroupSide } from "../features/editor/index.ts";
import { ComparisonCover } from "../features/files/comparison-cover.tsx";
import { EditorTabs } from "../features/files/editor-tabs.tsx";
import { FileCover } from "../features/files/file-cover.tsx";
import { GroupButton } from "../features/files/group-button.tsx";
import { GROUP_ELEMENTS } from "../features/files/group-elements.ts";
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
import { FilesSeparator, GroupSeparator, OutputSeparator } from "./separators.tsx";
import { useApp } from "./services.ts";
import { StatusBar } from "./status-bar.tsx";
import { ShownView, ViewTabs } from "./views/view-tabs.tsx";
import { TopBar } from "./top-bar.tsx";

const slotElement = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
};

const In = ({ slot, children }: { readonly slot: string; readonly children: ReactNode }) =>
  createPortal(<Boundary instead={partFailed}>{children}</Boundary>, slotElement(slot));

const TabStrip = ({ side }: { readonly side: GroupSide }) => {
  const { projects, tabs } = useApp();
  const kind = useStore(projects, ({ state }) => state.kind);
  const isActive = useStore(tabs, (now) => now.side === side);
  const isLast = useStore(tabs, ({ beside }) => (beside ? side === 1 : true));
  return (
    <>
      {kind === "sample" && <LanguageChips />}
      {kind === "open" && <EditorTabs side={side} />}
      {isActive && <ProblemsButton />}
      {kind === "open" && isLast && <GroupButton />}
    </>
  );
};

/** What is drawn around one view of the editor. */
const Group = ({ side }: { readonly side: GroupSide }) => {
  const isActive = useStore(useApp().tabs, (tabs) => tabs.side === side);
  return (
    <>
      <In slot={GROUP_ELEMENTS[side].tabs}>
        <TabStrip side={side} />
      </In>
      <In slot={GROUP_ELEMENTS[side].cover}>
        {side === 0 && <ProjectCover />}
        <FileCover side={side} />
        <ComparisonCover side={side} />
        {isActive && <FollowFrame />}
      </In>
    </>
  );
};

/** What the static page showed in the meantime is hidden in the same frame. */
const useClearedPlaceholders = (): void =>
  useLayoutEffect(() => {
    for (const placeholder of document.querySelectorAll("[data-placeholder]")) placeholder.remove();
  }, []);

export const Shell = () => {
  useFilesVisibility();
  useClearedPlaceholders();
  const isSplit = useStore(useApp().tabs, ({ beside }) => beside !== undefined);
  return (
    <>
      <In slot="slot-bar">
        <TopBar />
      </In>
      <In slot="slot-notices">
        <Notices />
      </In>
      <In slot="slot-files">
        <ViewTabs container="side" />
        <ShownView container="side" />
        <FilesSeparator />
      </In>
      <Group side={0} />
      {isSplit && (
        <In slot="slot-group-separator">
          <GroupSeparator />
        </In>
      )}
      {isSplit && <Group side={1} />}
      <In slot="slot-output">
        <OutputSeparator />
        <ShownView container="panel" />
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
