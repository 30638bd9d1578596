/** The services of the page: created once in start-app, passed by React context. */
import type { Boot } from "@atelier/contracts";
import { createContext, useContext } from "react";
import type { EditorHandle } from "../features/editor/index.ts";
import type { ConsoleStore } from "../features/execution/console-store.ts";
import type { RunChoiceStore } from "../features/execution/run-choice-store.ts";
import type { RunControl } from "../features/execution/run-control.ts";
import type { RunStore } from "../features/execution/run-store.ts";
import type { ComparisonStore } from "../features/files/comparison-store.ts";
import type { FilesStore } from "../features/files/files-store.ts";
import type { PendingDeletions } from "../features/files/pending-deletions.ts";
import type { TabsStore } from "../features/files/tabs-store.ts";
import type { SignInNoticeStore } from "../features/identity/sign-in-notice.ts";
import type { PreviewStore } from "../features/preview/preview-store.ts";
import type { PresenceStore } from "../features/presence/presence-store.ts";
import type { ProjectStore } from "../features/projects/project-store.ts";
import type { Promotion } from "../features/projects/promote-sample.ts";
import type { RecoveredStore } from "../features/projects/recovered-store.ts";
import type { Call } from "./api.ts";
import type { CommandRegistry } from "./commands/command-registry.ts";
import type { DialogStore } from "./dialog-store.ts";
import type { LayoutStore } from "./layout-store.ts";
import type { ProjectSockets } from "./project-socket.ts";
import type { ProjectScopes } from "./project-scope.ts";
import type { Session } from "./session.ts";
import type { SettingsStore } from "./settings/settings-store.ts";
import type { ThemeStore } from "./theme-store.ts";
import type { ViewStore } from "./views/view-registry.ts";

export type App = {
  readonly boot: Boot;
  readonly commands: CommandRegistry;
  readonly call: Call;
  readonly session: Session;
  readonly sockets: ProjectSockets;
  readonly editor: EditorHandle;
  readonly projects: ProjectStore;
  /** The resources of the open project. */
  readonly scopes: ProjectScopes;
  readonly promotion: Promotion;
  readonly files: FilesStore;
  readonly deletions: PendingDeletions;
  readonly tabs: TabsStore;
  readonly comparison: ComparisonStore;
  readonly runs: RunStore;
  readonly runControl: RunControl;
  readonly runChoice: RunChoiceStore;
  readonly console: ConsoleStore;
  readonly preview: PreviewStore;
  readonly presence: PresenceStore;
  readonly layout: LayoutStore;
  readonly views: ViewStore;
  readonly theme: ThemeStore;
  readonly settings: SettingsStore;
  readonly dialogs: DialogStore;
  readonly signInNotice: SignInNoticeStore;
  readonly recovered: RecoveredStore;
};

const AppContext = createContext<App | undefined>(undefined);
export const AppProvider = AppContext.Provider;

/** @throws Error outside of the provider */
export const useApp = (): App => {
  const app = useContext(AppContext);
  if (!app) throw new Error("no app here: wrap this in AppProvider");
  return app;
};
