import type { Entry, Project } from "@atelier/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import { createProjectScopes } from "../../app/project-scope.ts";
import type { PageChannel } from "../../app/project-socket.ts";
import type { App } from "../../app/services.ts";
import { createRunStore } from "../execution/run-store.ts";
import { createComparisonStore } from "../files/comparison-store.ts";
import { createFilesStore } from "../files/files-store.ts";
import { createTabsStore } from "../files/tabs-store.ts";
import { createSignInNoticeStore } from "../identity/sign-in-notice.ts";
import { createPresenceStore } from "../presence/presence-store.ts";
import { enterProject } from "./enter-project.ts";
import { createProjectStore } from "./project-store.ts";

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
  vi.stubGlobal("document", { title: "" });
  vi.stubGlobal("addEventListener", () => (listeners.count += 1));
  vi.stubGlobal("removeEventListener", () => (listeners.count -= 1));
});
afterEach(() => void vi.unstubAllGlobals());

/** A page whose server answers as `answer` says. */
const stage = (answer: (id: string) => unknown) => {
  const closed: string[] = [];
  const app = {
    boot: { basePath: "" },
    call: async ({ id }: { id: string }) => answer(id),
    scopes: createProjectScopes((error) => {
      throw error;
    }),
    projects: createProjectStore(),
    files: createFilesStore(),
    tabs: createTabsStore(),
    comparison: createComparisonStore(),
    presence: createPresenceStore(),
    runs: createRunStore({ pausedBecause: undefined, isPreparing: false }),
    layout: { setState: () => undefined, subscribe: () => () => undefined },
    editor: { open: () => undefined, close: (id: string) => closed.push(id), reveal: () => undefined },
    session: { user: () => undefined, store: createStore(() => ({ kind: "none" })) },
    signInNotice: createSignInNoticeStore(),
    sockets: { openChannel, restart: () => undefined },
  } as unknown as App;
  return { app, closed };
};

const quiet = (id: string): unknown => (id === "listExecutions" ? { items: [] } : {});

describe("a stay in a project", () => {
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

  it("that is left takes all of it along: socket, listeners, tabs, tree", async () => {
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
});
