/** Puts the page together: editor first, so that keys are taken; then the shell around it; then the network. */
import { ADMIN_FRAGMENT, INVITATION_FRAGMENT, routes } from "@atelier/contracts";
import { createRoot } from "react-dom/client";
import { createEditor, type EditorUser } from "../features/editor/index.ts";
import { readinessOf, watchReadiness } from "../features/execution/run-readiness.ts";
import { createRunStore } from "../features/execution/run-store.ts";
import { createFilesStore } from "../features/files/files-store.ts";
import { createProjectSources } from "../features/files/project-sources.ts";
import { createTabsStore, setSave } from "../features/files/tabs-store.ts";
import { createSignInNoticeStore } from "../features/identity/sign-in-notice.ts";
import { installFollowing } from "../features/presence/follow.ts";
import { personColor } from "../features/presence/person-color.ts";
import { createPresenceStore } from "../features/presence/presence-store.ts";
import { createProjectStore } from "../features/projects/project-store.ts";
import { addRecovered, createRecoveredStore } from "../features/projects/recovered-store.ts";
import { startAt } from "../features/projects/start-at.ts";
import { createApi } from "./api.ts";
import { readBoot } from "./boot.ts";
import { browserEnvironment } from "./environment.ts";
import { Boundary, pageFailed } from "./boundary.tsx";
import { createDialogStore } from "./dialog-store.ts";
import { createLayoutStore } from "./layout-store.ts";
import { logFault } from "./page-log.ts";
import { createProjectSockets } from "./project-socket.ts";
import { type App, AppProvider } from "./services.ts";
import { createBrowserSession } from "./browser-session.ts";
import { Shell } from "./shell.tsx";
import { installShortcuts } from "./shortcuts.ts";
import { createThemeStore } from "./theme-store.ts";
import { createTransport } from "./transport.ts";
import { createSocketOpener } from "./open-socket.ts";
import { whenSignedIn } from "./when-signed-in.ts";

const requireElement = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
};

const createApp = (): App => {
  const boot = readBoot(document);
  const transport = createTransport({ basePath: boot.basePath, fetch: (input, init) => fetch(input, init) });
  const session = createBrowserSession(transport);
  const call = createApi({
    transport,
    session,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
  });
  const open = createSocketOpener({
    basePath: boot.basePath,
    origin: location.origin,
    ticket: async () => {
      await whenSignedIn(session.store);
      return (await call(routes.ticket, {})).ticket;
    },
  });
  const sockets = createProjectSockets({ open, environment: browserEnvironment() });
  const theme = createThemeStore();
  const editorUser = (): EditorUser | undefined => {
    const user = session.user();
    return user && { id: user.id, name: user.name, color: personColor(user.id) };
  };
  const projects = createProjectStore();
  const files = createFilesStore();
  const editor = createEditor(requireElement("editor"), {
    theme: theme.getState().shown,
    user: editorUser,
    openChannel: sockets.openChannel,
    log: logFault,
    sources: createProjectSources(call, projects, files),
  });
  return {
    boot,
    call,
    session,
    sockets,
    editor,
    theme,
    projects,
    files,
    tabs: createTabsStore(),
    runs: createRunStore(readinessOf(boot.execution)),
    presence: createPresenceStore(),
    layout: createLayoutStore(requireElement("shell")),
    dialogs: createDialogStore(),
    signInNotice: createSignInNoticeStore(),
    recovered: createRecoveredStore(),
  };
};

const connectEditor = ({ editor, recovered, tabs, theme }: App): void => {
  theme.subscribe(({ shown }) => editor.setTheme(shown));
  editor.onSaveState((state, fileId) => setSave(tabs, fileId, state));
  editor.onRecovered((copy) => addRecovered(recovered, copy));
};

/** One-time links of an operator. The fragment is removed at once, so that the browser's history does not keep it. */
const takeOneTimeLink = ({ dialogs, boot }: App): void => {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const admin = fragment.get(ADMIN_FRAGMENT);
  const invitation = fragment.get(INVITATION_FRAGMENT);
  if (admin === null && invitation === null) return;
  history.replaceState(null, "", `${boot.basePath}/`);
  if (admin !== null) dialogs.setState({ kind: "admin", token: admin }, true);
  else if (invitation !== null) dialogs.setState({ kind: "account", form: "register", invitation }, true);
};

export const startApp = (): void => {
  const app = createApp();
  connectEditor(app);
  installFollowing(app);
  installShortcuts(app);
  takeOneTimeLink(app);
  watchReadiness(app);
  void startAt(app);
  const onCaughtError = (error: unknown): void => logFault("part-failed", error);
  createRoot(requireElement("app"), { onCaughtError }).render(
    <AppProvider value={app}>
      <Boundary instead={pageFailed}>
        <Shell />
      </Boundary>
    </AppProvider>,
  );
  document.documentElement.classList.remove("no-script");
};
