import { type Project, routes } from "@atelier/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeChannels } from "../../app/fake-channels.testing.ts";
import type { App } from "../../app/services.ts";
import { createSession } from "../../app/session.ts";
import { entry } from "../files/entry.testing.ts";
import { createFilesStore, setEntries } from "../files/files-store.ts";
import { createTabsStore } from "../files/tabs-store.ts";
import { createSignInNoticeStore } from "../identity/sign-in-notice.ts";
import { createPresenceStore } from "../presence/presence-store.ts";
import { listenToProject } from "./project-events.ts";
import { createProjectStore, openProjectOf, setProjectState } from "./project-store.ts";

const setTime = (): void => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
};

const refuse = () => Promise.reject(new Error("not asked here"));

const projectOf = (name: string, updatedAt: string): Project => ({
  id: "p",
  slug: "p",
  name,
  description: "",
  owner: { id: "o", name: "Owner" },
  visibility: "private",
  role: "viewer",
  createdAt: updatedAt,
  updatedAt,
  sizeBytes: 0,
  fileCount: 0,
  keepRunFiles: true,
});

const setUp = () => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  const channels = fakeChannels();
  /** What the server answers. */
  const server: { project: () => Promise<unknown>; tree: () => Promise<unknown> } = { project: refuse, tree: refuse };
  const session = createSession({
    transport: refuse,
    storage: null,
    exclusively: refuse,
    nowMs: () => 0,
    announce: () => undefined,
  });
  const app = {
    call: (route: unknown) => (route === routes.tree ? server.tree() : server.project()) as never,
    sockets: { openChannel: channels.openChannel, restart: () => undefined },
    session,
    files: createFilesStore(),
    tabs: createTabsStore(),
    presence: createPresenceStore(),
    projects: createProjectStore(),
    signInNotice: createSignInNoticeStore(),
  } satisfies Partial<App> as Partial<App> as App;
  const stop = listenToProject(app, "p");
  const hello = async (sequence: number, resumed: boolean) => {
    const { channel } = channels;
    const event = { type: "hello", connectionId: "c", role: "viewer", presence: [], resumed };
    channel.open();
    channel.say(JSON.stringify({ sequence, event }));
    await vi.advanceTimersByTimeAsync(0);
    return channel;
  };
  return { app, channels, server, stop, hello };
};

describe("a project and a tree that were not read", () => {
  setTime();

  it("are requested again at the next hello; until then the page resumes from no event number", async () => {
    const { app, channels, server, stop, hello } = setUp();
    setEntries(app.files, [entry("old.py")]);
    (await hello(7, false)).end(1006);
    server.project = () => Promise.resolve(projectOf("p", "2026-01-01T00:00:00.000Z"));
    server.tree = () => Promise.resolve({ entries: [entry("new.py")] });
    const second = await hello(8, false);
    expect([...app.files.getState().entries.keys()]).toEqual(["new.py"]);
    second.end(1006);
    await hello(8, true);
    const kind = "events";
    expect(channels.channel.openings).toEqual([{ kind }, { kind }, { kind, since: 8 }]);
    stop();
  });
});

describe("a project that somebody else renames", () => {
  setTime();
  const [first, second, third] = [1, 2, 3].map((day) => `2026-01-0${day}T00:00:00.000Z`) as [string, string, string];

  it("gets its new name, also after the page was disconnected, and never an older one", async () => {
    const { app, server, stop, hello } = setUp();
    const nameNow = () => openProjectOf(app.projects)?.name;
    setProjectState(app.projects, { kind: "open", project: projectOf("One", first) });
    server.tree = () => Promise.resolve({ entries: [] });
    server.project = () => Promise.resolve(projectOf("One", first));
    const socket = await hello(1, false);
    const say = (name: string, updatedAt: string) => {
      const { description, visibility, keepRunFiles } = projectOf(name, updatedAt);
      const project = { name, description, visibility, keepRunFiles, updatedAt };
      socket.say(JSON.stringify({ sequence: 2, event: { type: "project-changed", project } }));
    };
    say("Two", second);
    expect(nameNow()).toBe("Two");
    say("One", first);
    expect(nameNow()).toBe("Two");
    server.project = () => Promise.resolve(projectOf("Three", third));
    socket.end(1006);
    await hello(9, false);
    expect(nameNow()).toBe("Three");
    expect(openProjectOf(app.projects)?.role).toBe("viewer");
    stop();
  });
});
