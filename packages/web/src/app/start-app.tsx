/** Puts the page together: editor first, so that keys are taken; then the shell around it; then the network. */
import { ADMIN_FRAGMENT, INVITATION_FRAGMENT, routes } from "@atelier/contracts";
import { Files, SquareTerminal } from "lucide-react";
import { createRoot } from "react-dom/client";
import { createEditor, type EditorUser } from "../features/editor/index.ts";
import { OutputPane } from "../features/execution/output-pane.tsx";
import { readinessOf, watchReadiness } from "../features/execution/run-readiness.ts";
import { createConsoleStore } from "../features/execution/console-store.ts";
import { createRunChoiceStore } from "../features/execution/run-choice-store.ts";
import { createRunControl } from "../features/execution/run-control.ts";
import { createRunStore } from "../features/execution/run-store.ts";
import { createComparisonStore } from "../features/files/comparison-store.ts";
import { createFilesStore } from "../features/files/files-store.ts";
import { followGroups } from "../features/files/follow-groups.ts";
import { LateFileTree } from "../features/files/late-file-tree.tsx";
import { createPendingDeletions } from "../features/files/pending-deletions.ts";
import { createProjectSources } from "../features/files/project-sources.ts";
import { createTabsStore, setSave } from "../features/files/tabs-store.ts";
import { createSignInNoticeStore } from "../features/identity/sign-in-notice.ts";
import { installFollowing } from "../features/presence/follow.ts";
import { personColor } from "../features/presence/person-color.ts";
import { createPreviewStore } from "../features/preview/preview-store.ts";
import { createPresenceStore } from "../features/presence/presence-store.ts";
import { createProjectStore } from "../features/projects/project-store.ts";
import { createPromotion } from "../features/projects/promote-sample.ts";
import { addRecovered, createRecoveredStore } from "../features/projects/recovered-store.ts";
import { promoteAtFirstEdit, startAt } from "../features/projects/start-at.ts";
import { createApi } from "./api.ts";
import { readBoot } from "./boot.ts";
import { browserEnvironment } from "./environment.ts";
import { Boundary, pageFailed } from "./boundary.tsx";
import { createCommandRegistry } from "./commands/command-registry.ts";
import { installKeys } from "./commands/install-keys.ts";
import { registerPageCommands } from "./commands/page-commands.ts";
import { createDialogStore } from "./dialog-store.ts";
import { createLayoutStore } from "./layout-store.ts";
import { logFault } from "./page-log.ts";
import { createProjectSockets } from "./project-socket.ts";
import { createProjectScopes } from "./project-scope.ts";
import { type App, AppProvider } from "./services.ts";
import { createBrowserSession } from "./browser-session.ts";
import { Shell } from "./shell.tsx";
import { applyTheme, applyType, preferencesOf } from "./settings/apply-settings.ts";
import { keepSettings } from "./settings/keep-settings.ts";
import { createSettingsStore, takeFromOtherPage } from "./settings/settings-store.ts";
import { onSettingsOfOtherPages, storedSettings } from "./settings/stored-settings.ts";
import { createThemeStore } from "./theme-store.ts";
import { addView, createViewStore } from "./views/view-registry.ts";
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
  const settings = createSettingsStore(storedSettings, { theme: theme.getState().choice });
  applyType(settings.getState().values, document.documentElement.style);
  const editorUser = (): EditorUser | undefined => {
    const user = session.user();
    return user && { id: user.id, name: user.name, color: personColor(user.id) };
  };
  const projects = createProjectStore();
  const files = createFilesStore();
  const editor = createEditor(requireElement("editor"), {
    theme: theme.getState().shown,
    preferences: preferencesOf(settings.getState().values),
    user: editorUser,
    openChannel: sockets.openChannel,
    log: logFault,
    sources: createProjectSources(call, projects, files),
    atelierSchema: () => call(routes.atelierSchema, {}),
  });
  return {
    boot,
    commands: createCommandRegistry(),
    call,
    session,
    sockets,
    editor,
    theme,
    settings,
    projects,
    scopes: createProjectScopes((error) => logFault("not-released", error)),
    promotion: createPromotion(),
    files,
    deletions: createPendingDeletions(),
    tabs: createTabsStore(),
    comparison: createComparisonStore(),
    runs: createRunStore(readinessOf(boot.execution)),
    runControl: createRunControl(),
    runChoice: createRunChoiceStore(),
    console: createConsoleStore(),
    preview: createPreviewStore(),
    presence: createPresenceStore(),
    layout: createLayoutStore(requireElement("shell")),
    views: createViewStore(),
    dialogs: createDialogStore(),
    signInNotice: createSignInNoticeStore(),
    recovered: createRecoveredStore(),
  };
};

/** Settings are in effect at once, in every page of this browser, and kept on the server. */
const connectSettings = ({ call, editor, session, settings, theme }: App): void => {
  applyTheme(settings.getState().values, theme);
  settings.subscribe(({ values }, { values: before }) => {
    applyTheme(values, theme);
    if (JSON.stringify(values) === JSON.stringify(before)) return;
    applyType(values, document.documentElement.style);
    editor.setPreferences(preferencesOf(values));
  });
  const { flush } = keepSettings({
    settings,
    session: session.store,
    read: () => call(routes.settings, {}),
    write: (body) => call(routes.putSettings, { body: body as Record<string, never>, keepalive: true }),
    onFault: (error) => logFault("settings-not-kept", error),
  });
  addEventListener("pagehide", flush);
  onSettingsOfOtherPages((text) => takeFromOtherPage(settings, text));
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
  connectSettings(app);
  installFollowing(app);
  followGroups(app, requireElement("region-code"));
  registerPageCommands(app);
  addView(app.views, "side", { id: "files", title: "Files", icon: Files, Body: LateFileTree });
  addView(app.views, "panel", { id: "output", title: "Output", icon: SquareTerminal, Body: OutputPane });
  installKeys(app);
  takeOneTimeLink(app);
  watchReadiness(app);
  promoteAtFirstEdit(app);
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
