/** The top bar: project and file, save state, people, share, run, account. */
import { PanelLeft, Share2 } from "lucide-react";
import { useStore } from "zustand";
import { RunButton } from "../features/execution/run-button.tsx";
import { SaveStateLabel } from "../features/files/save-state.tsx";
import { AccountMenu } from "../features/identity/account-menu.tsx";
import { Avatars } from "../features/presence/avatars.tsx";
import { ProjectMenu } from "../features/projects/project-menu.tsx";
import { useFilesShown } from "./files-visibility.ts";
import { useApp } from "./services.ts";
import { useIsPhone } from "./use-is-phone.ts";
import "./top-bar.css";

const FilesToggle = () => {
  const { layout, projects } = useApp();
  const isOpen = useStore(projects, ({ state }) => state.kind === "open");
  const isShown = useFilesShown();
  if (!isOpen) return null;
  const label = isShown ? "Hide files" : "Show files";
  return (
    <button
      className="icon-button files-toggle"
      aria-label={label}
      title={label}
      aria-expanded={isShown}
      aria-controls="slot-files"
      onClick={() => layout.setState({ filesShown: !isShown })}
    >
      <PanelLeft size={16} />
    </button>
  );
};

export const TopBar = () => {
  const { boot, dialogs, projects } = useApp();
  const canShare = useStore(projects, ({ state }) => state.kind === "open" || state.kind === "sample");
  return (
    <>
      <a className="wordmark" href={`${boot.basePath}/`} aria-label="Atelier: start something new">
        <span className="wordmark-sign" aria-hidden />
        <span className="wordmark-text">Atelier</span>
      </a>
      <FilesToggle />
      <ProjectMenu />
      {useIsPhone() && <SaveStateLabel />}
      <span className="bar-space" />
      <Avatars />
      {canShare && (
        <button
          className="button button-share"
          aria-label="Share"
          onClick={() => dialogs.setState({ kind: "share" }, true)}
        >
          <Share2 size={14} aria-hidden /> <span>Share</span>
        </button>
      )}
      <span className="bar-run">
        <RunButton />
      </span>
      <AccountMenu />
    </>
  );
};
