import type { Entry, Project } from "@atelier/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import { createProjectScopes } from "../../app/project-scope.ts";
import type { PageChannel } from "../../app/project-socket.ts";
import type { App } from "../../app/services.ts";
import { dismissToast, toastStore } from "../../design/toasts.ts";
import { createConsoleStore } from "../execution/console-store.ts";
import { runByKey } from "../execution/run-actions.ts";
import { createViewStore } from "../../app/views/view-registry.ts";
import { createRunChoiceStore } from "../execution/run-choice-store.ts";
import { createRunControl } from "../execution/run-control.ts";
import { sendInput, showRun } from "../execution/run-view.ts";
import { type ExecutionSummary, createRunStore } from "../execution/run-store.ts";
import { createComparisonStore } from "../files/comparison-store.ts";
import { deleteEntry } from "../files/file-actions.ts";
import { createFilesStore } from "../files/files-store.ts";
import { createPendingDeletions } from "../files/pending-deletions.ts";
import { createTabsStore } from "../files/tabs-store.ts";
import { createSignInNoticeStore } from "../identity/sign-in-notice.ts";
import { createPresenceStore } from "../presence/presence-store.ts";
import { enterProject } from "./enter-project.ts";
import { createProjectStore } from "./project-store.ts";
import { createPromotion } from "./promote-sample.ts";

/** Channels of the project's socket: how many are open, and how many ever were. */
const channels = { open: 0, opened: 0 };
const openChannel = (): PageChannel => {
  channels.open += 1;
  channels.opened += 1;
  return {
    send: () => false,
    hurry: () => undefined,
    restart: () => undefined,
    settled: () => undefined,
    close: () => {
      channels.open -= 1;
    },
    isOpen: false,
  };
};

const project = (id: string) => ({ id, slug: id, name: id, role: "owner", updatedAt: "" }) as unknown as Project;
const entry = (id: string) =>
  ({ id, path: `${id}.py`, kind: "file", version: 1, hash: "", size: 1 }) as unknown as Entry;

const listeners = { count: 0 };

beforeEach(() => {
  Object.assign(channels, { open: 0, opened: 0 });
  listeners.count = 0;
  const address = { pathname: "/p/one", href: "http://here/p/one" };
  vi.stubGlobal("location", address);
  vi.stubGlobal("history", { state: null, replaceState: () => undefined, pushState: () => undefined });
  vi.stubGlobal("document", {
    title: "",
    querySelector: () => null,
    createElement: () => ({ getContext: () => null }),
  });
  vi.stubGlobal("addEventListener", () => (listeners.count += 1));
  vi.stubGlobal("removeEventListener", () => (listeners.count -= 1));
});
afterEach(() => {
  for (const { id } of toastStore.getState().toasts) dismissToast(id);
  vi.unstubAllGlobals();
});

/** A page whose server answers as `answer` says. */
const stage = (answer: (id: string) => unknown) => {
  const closed: string[] = [];
  const asked: string[] = [];
  const opened: { path: string }[] = [];
  const app = {
    boot: { basePath: "", languages: [{ id: "python", extensions: [".py"] }] },
    call: async ({ id }: { id: string }, { params }: { params?: { projectId?: string } } = {}) => {
      asked.push(`${id} ${params?.projectId ?? ""}`);
      return answer(id);
    },
    scopes: createProjectScopes((error) => {
      throw error;
    }),
    projects: createProjectStore(),
    promotion: createPromotion(),
    deletions: createPendingDeletions(),
    runControl: createRunControl(),
    runChoice: createRunChoiceStore(),
    views: createViewStore(),
    console: createConsoleStore(),
    files: createFilesStore(),
    tabs: createTabsStore(),
    comparison: createComparisonStore(),
    presence: createPresenceStore(),
    runs: createRunStore({ pausedBecause: undefined, isPreparing: false }),
    layout: { setState: () => undefined, subscribe: () => () => undefined },
    editor: {
      // Monaco is not loaded here, and neither is what waits for it.
      ready: new Promise<void>(() => undefined),
      open: (file: { path: string }) => opened.push(file),
      close: (id: string) => closed.push(id),
      reveal: () => undefined,
      whenSaved: async () => true,
    },
    session: { user: () => undefined, store: createStore(() => ({ kind: "none" })) },
    signInNotice: createSignInNoticeStore(),
    sockets: { openChannel, restart: () => undefined },
  } as unknown as App;
  return { app, closed, asked, opened };
};

const quiet = (id: string): unknown => (id === "listExecutions" ? { items: [] } : {});

/** All state of a project that could remain in the page. */
const stateOf = ({ files, tabs, comparison, presence, runs, runChoice, console: output, runControl }: App) => {
  const { output: printed, ...run } = runs.getState();
  return structuredClone({
    files: files.getState(),
    tabs: tabs.getState(),
    comparison: comparison.getState(),
    presence: presence.getState(),
    runChoice: runChoice.getState(),
    console: output.getState(),
    run,
    printed: printed.text(),
    stream: runControl.stream,
    earlyInput: runControl.earlyInput,
  });
};

describe("an open project", () => {
  it("that failed to begin leaves nothing open, and the next attempt has one socket", async () => {
    let tries = 0;
    const { app } = stage((id) => {
      if (id !== "tree") return quiet(id);
      tries += 1;
      if (tries === 1) throw new Error("unreachable");
      return { entries: [entry("a")] };
    });
    await expect(enterProject(app, { project: project("one") })).rejects.toThrow("unreachable");
    expect([channels.opened, listeners.count]).toEqual([0, 0]);
    await enterProject(app, { project: project("one") });
    expect([channels.open, channels.opened, app.tabs.getState().shown]).toEqual([1, 1, "a"]);
  });

  it("that is left releases everything: socket, listeners, tabs, tree", async () => {
    const { app, closed } = stage(quiet);
    await enterProject(app, { project: project("one"), entries: [entry("a"), entry("b")] });
    expect([channels.open, app.files.getState().entries.size]).toEqual([1, 2]);
    expect(listeners.count).toBeGreaterThan(0);
    app.scopes.leave();
    expect([channels.open, listeners.count, closed]).toEqual([0, 0, ["a"]]);
    expect(app.files.getState()).toMatchObject({ status: "none", entries: new Map() });
    expect(app.tabs.getState()).toMatchObject({ open: [], shown: undefined });
  });

  it("ends when another project is entered, also while it is still beginning", async () => {
    let answerTree: (tree: unknown) => void = () => undefined;
    const { app } = stage((id) =>
      id === "tree"
        ? new Promise((resolve) => {
            answerTree = resolve;
          })
        : quiet(id),
    );
    const first = enterProject(app, { project: project("one") });
    await enterProject(app, { project: project("two"), entries: [entry("b")] });
    answerTree({ entries: [entry("a")] });
    await first;
    expect([channels.open, channels.opened]).toEqual([1, 1]);
    expect([...app.files.getState().entries.keys()]).toEqual(["b"]);
  });

  it("that fails after its socket was opened closes it: the next attempt has one socket", async () => {
    const { app, opened } = stage((id) => (id === "editorState" ? { open: ["b"], shown: "b" } : quiet(id)));
    app.tabs.setState({ saves: new Map([["a", { kind: "read-only" }]]) as never });
    opened.push = (file) => {
      if (file.path === "b.py") throw new Error("no memory for b");
      return 0;
    };
    const entries = [entry("a"), entry("b")];
    await expect(enterProject(app, { project: project("one"), entries })).rejects.toThrow("no memory for b");
    expect([channels.open, channels.opened, listeners.count]).toEqual([0, 1, 0]);
    await enterProject(app, { project: project("one"), entries });
    expect([channels.open, channels.opened]).toEqual([1, 2]);
  });

  it("leaves no state to the next one: no run, no input, no deletion to undo, no followed user", async () => {
    const { app, asked } = stage(quiet);
    app.console.setState({ asksBeforeRerun: true });
    const before = stateOf(app);
    await enterProject(app, { project: project("one"), entries: [entry("a"), entry("b")] });
    showRun(app, { id: "run", projectId: "one", userId: "me", status: "running" } as ExecutionSummary);
    runByKey(app);
    app.runs.getState().output.append(new TextEncoder().encode("printed"));
    app.runs.setState({ awaitsInput: true });
    app.console.setState({ isFinding: true, hasSelection: true });
    app.comparison.setState({ fileId: "a" });
    app.runChoice.setState({ chosen: "tests" });
    app.presence.setState({ following: "friend" });
    app.runControl.stopping = Promise.reject(new Error("the stop of a run of project one"));
    app.runControl.stopping.catch(() => undefined);
    deleteEntry(app, "b");
    expect(toastStore.getState().toasts).toHaveLength(2);
    expect([channels.open, app.files.getState().hidden.size]).toEqual([2, 1]);

    app.scopes.leave();
    expect(asked.at(-1)).toBe("deleteFile one");
    expect(channels.open).toBe(0);
    expect(toastStore.getState().toasts).toEqual([]);
    expect(app.deletions.undoLast()).toBe(false);
    await app.runControl.stopping;
    expect(stateOf(app)).toEqual(before);

    await enterProject(app, { project: project("two"), entries: [entry("c")] });
    sendInput(app, "typed in project two");
    expect([channels.open, app.runControl.earlyInput]).toEqual([1, "typed in project two"]);
  });

  it("ignores the response to a run that was started in the one before", async () => {
    let answerStart: (execution: unknown) => void = () => undefined;
    const starting = new Promise((resolve) => {
      answerStart = resolve;
    });
    const { app, asked } = stage((id) => (id === "startExecution" ? starting : quiet(id)));
    await enterProject(app, { project: project("one"), entries: [entry("a")] });
    runByKey(app);
    await vi.waitFor(() => expect(asked).toContain("startExecution "));
    await enterProject(app, { project: project("two"), entries: [entry("b")] });
    answerStart({ id: "run", projectId: "one", status: "running" });
    await vi.waitFor(() => expect(asked).toContain("stopExecution "));
    expect(app.runs.getState().state).toEqual({ kind: "idle" });
    expect(channels.open).toBe(1);
  });
});
