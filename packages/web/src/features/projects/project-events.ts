/** The channel of a project's events: updates tree, users and runs, and resumes after the last received event. */
import { type ProjectEvent, type ProjectEventFrame, routes } from "@atelier/contracts";
import { FINAL_CLOSE_CODES } from "../../app/project-socket.ts";
import { showToast } from "../../design/toasts.ts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { watchSignIn } from "../identity/sign-in-notice.ts";
import { hearExecution } from "../execution/run-view.ts";
import { withChanged, withoutRemoved, withRead } from "../files/entries.ts";
import { closeEverywhere, openFile } from "../files/open-file.ts";
import { allOpen } from "../files/tabs-store.ts";
import { openProjectOf, setProjectState, takeProjectFacts } from "./project-store.ts";

/** The project as it is now, and its tree. */
const readProject = async (app: App, projectId: string): Promise<void> => {
  const before = app.files.getState().entries;
  const params = { projectId };
  const [project, { entries: read }] = await Promise.all([
    app.call(routes.getProject, { params }),
    app.call(routes.tree, { params }),
  ]);
  takeProjectFacts(app.projects, projectId, project);
  app.files.setState(({ entries: now }) => ({ entries: withRead(read, { before, now }) }));
};

const takeRole = (app: App, role: ProjectEvent & { type: "hello" | "role-changed" }): void => {
  const project = openProjectOf(app.projects);
  if (!project || project.role === role.role) return;
  setProjectState(app.projects, { kind: "open", project: { ...project, role: role.role } });
  const isViewer = role.role === "viewer";
  if (isViewer !== (project.role === "viewer")) {
    showToast({
      text: isViewer ? "You can only view this project now." : "You can edit this project now.",
      topic: "role",
    });
  }
  const { shown } = app.tabs.getState();
  if (shown !== undefined) openFile(app, shown, { focus: false });
};

const loseProject = (app: App): void => {
  app.presence.setState({ all: [], following: undefined });
  // The user deleted it in this page.
  if (app.projects.getState().state.kind === "deleted") return;
  const project = openProjectOf(app.projects);
  // A user who signed in here since then never had rights that could be lost.
  const isLost = project !== undefined && app.signInNotice.getState().kind !== "somebody-else";
  setProjectState(app.projects, isLost ? { kind: "lost", project } : { kind: "missing", what: "project" });
  if (app.dialogs.getState().kind === "share") app.dialogs.setState({ kind: "none" }, true);
};

const removeEntries = (app: App, ids: readonly string[]): void => {
  app.files.setState(({ entries }) => ({ entries: withoutRemoved(entries, ids) }));
  const { entries } = app.files.getState();
  for (const fileId of allOpen(app.tabs.getState())) if (!entries.has(fileId)) closeEverywhere(app, fileId);
};

const take = (app: App, projectId: string, event: ProjectEvent): void => {
  switch (event.type) {
    case "hello":
      app.presence.setState({ connectionId: event.connectionId, all: event.presence });
      takeRole(app, event);
      break;
    case "project-changed":
      takeProjectFacts(app.projects, projectId, event.project);
      break;
    case "entries-changed":
      app.files.setState(({ entries }) => ({ entries: withChanged(entries, event.entries) }));
      break;
    case "entries-removed":
      removeEntries(app, event.ids);
      break;
    case "presence":
      app.presence.setState({ all: event.presence });
      break;
    case "execution":
      hearExecution(app, event.execution);
      break;
    case "image":
      // The run's own channel says it too, where this page shows the run.
      break;
    case "role-changed":
      takeRole(app, event);
      break;
  }
};

/** Listens until the returned function is called. */
export const listenToProject = (app: App, projectId: string): (() => void) => {
  /** Number of the last received event, while project and tree include all events before it. */
  let sequence: number | undefined;
  let isBehind = true;

  /** Project and tree were read before this channel opened, or the socket was closed for too long: both are read again. */
  const catchUp = (): void => {
    isBehind = true;
    readProject(app, projectId).then(
      () => {
        isBehind = false;
      },
      // The next hello repeats the request.
      (error: unknown) => logFault("project-not-read", error),
    );
  };
  const sayViewing = (): void => {
    channel.send(JSON.stringify({ type: "viewing", fileId: app.tabs.getState().shown ?? null }));
  };
  const channel = app.sockets.openChannel(
    projectId,
    () => ({ kind: "events", ...(sequence === undefined || isBehind ? {} : { since: sequence }) }),
    {
      onOpen() {
        app.presence.setState({ isConnected: true });
        sayViewing();
      },
      onFrame(text) {
        channel.settled();
        const frame = JSON.parse(String(text)) as ProjectEventFrame;
        sequence = frame.sequence;
        take(app, projectId, frame.event);
        if (frame.event.type === "hello" && !frame.event.resumed) catchUp();
      },
      onClose(code) {
        app.presence.setState({ isConnected: false, connectionId: undefined });
        if (!FINAL_CLOSE_CODES.includes(code)) return "again";
        loseProject(app);
        return "stop";
      },
    },
  );
  const stopWatching = watchSignIn(app.session.store, app.signInNotice, () => app.sockets.restart(projectId));
  const unsubscribe = app.tabs.subscribe((now, before) => {
    if (now.shown !== before.shown) sayViewing();
  });
  return () => {
    unsubscribe();
    stopWatching();
    channel.close();
    app.presence.setState({ all: [], isConnected: false, connectionId: undefined, following: undefined });
  };
};
