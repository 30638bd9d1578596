import { describe, expect, it, vi } from "vitest";
import { fakeOpener, setPage } from "../../app/fake-socket.testing.ts";
import type { App } from "../../app/services.ts";
import { createSession } from "../../app/session.ts";
import { entry } from "../files/entry.testing.ts";
import { createFilesStore, setEntries } from "../files/files-store.ts";
import { createTabsStore } from "../files/tabs-store.ts";
import { createSignInNoticeStore } from "../identity/sign-in-notice.ts";
import { createPresenceStore } from "../presence/presence-store.ts";
import { listenToProject } from "./project-events.ts";
import { createProjectStore } from "./project-store.ts";

const refuse = () => Promise.reject(new Error("not asked here"));

describe("a tree that was not read", () => {
  setPage();

  it("is asked for again with the next hello, which claims no place among the events until then", async () => {
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    const opener = fakeOpener();
    const asked: unknown[] = [];
    let answer: () => Promise<unknown> = refuse;
    const files = createFilesStore();
    setEntries(files, [entry("old.py")]);
    const transport = refuse;
    const session = createSession({
      transport,
      storage: null,
      exclusively: refuse,
      nowMs: () => 0,
      announce: () => undefined,
    });
    const app: Partial<App> = {
      call: () => answer() as never,
      openSocket: (_, query) => {
        asked.push(query);
        return opener.open();
      },
      session,
      files,
      tabs: createTabsStore(),
      presence: createPresenceStore(),
      projects: createProjectStore(),
      signInNotice: createSignInNoticeStore(),
    };
    const stop = listenToProject(app as App, "p");
    const hello = async (sequence: number, resumed: boolean) => {
      const socket = await opener.newest();
      const event = { type: "hello", connectionId: "c", role: "owner", presence: [], resumed };
      socket.open();
      socket.say(JSON.stringify({ sequence, event }));
      await vi.advanceTimersByTimeAsync(0);
      return socket;
    };
    (await hello(7, false)).end(1006);
    await vi.advanceTimersByTimeAsync(200);
    answer = () => Promise.resolve({ entries: [entry("new.py")] });
    const second = await hello(8, false);
    expect([...files.getState().entries.keys()]).toEqual(["new.py"]);
    second.end(1006);
    await vi.advanceTimersByTimeAsync(200);
    await hello(8, true);
    expect(asked).toEqual([{}, {}, { since: "8" }]);
    stop();
  });
});
