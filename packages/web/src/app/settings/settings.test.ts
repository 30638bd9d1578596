import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import type { SessionState } from "../session.ts";
import { keepSettings } from "./keep-settings.ts";
import {
  changeSetting,
  createSettingsStore,
  resetSettings,
  type SettingsDocument,
  takeFromOtherPage,
} from "./settings-store.ts";

const memory = (text: string | null = null) => {
  const kept = { text };
  return { kept, read: () => kept.text, write: (next: string) => void (kept.text = next) };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("settings in this browser", () => {
  it("are there again on the next visit, with what an older page kept", () => {
    const storage = memory();
    changeSetting(createSettingsStore(storage), "editor.fontSize", 15);
    const next = createSettingsStore(storage, { theme: "dark" });
    expect(next.getState().values).toMatchObject({ "editor.fontSize": 15, theme: "dark" });
    expect(next.getState().unsent).toEqual(["editor.fontSize"]);
  });

  it.each(["nonsense", "[]", '{"document": 3, "unsent": "x"}', '{"unsent": ["editor.fontSize"]}'])(
    "begin anew when what was kept is damaged: %s",
    (text) => {
      const { values, unsent } = createSettingsStore(memory(text)).getState();
      expect([values["editor.fontSize"], unsent]).toEqual([13.5, []]);
    },
  );

  it("go back to their first values, all that were changed", () => {
    const store = createSettingsStore(memory());
    changeSetting(store, "editor.minimap", true);
    changeSetting(store, "theme", "dark");
    resetSettings(store);
    expect(store.getState().values).toMatchObject({ "editor.minimap": false, theme: "system" });
    expect(store.getState().unsent).toEqual(["editor.minimap", "theme"]);
  });

  it("follow another page of the browser, and do not answer it", () => {
    const other = memory();
    const write = vi.fn<(text: string) => void>();
    const store = createSettingsStore({ read: () => null, write });
    changeSetting(createSettingsStore(other), "editor.wordWrap", true);
    takeFromOtherPage(store, other.kept.text);
    expect(store.getState().values["editor.wordWrap"]).toBe(true);
    const written = write.mock.calls.length;
    takeFromOtherPage(store, other.kept.text);
    expect(write.mock.calls.length).toBe(written);
  });
});

const signedIn = (id: string): SessionState => ({
  kind: "signed-in",
  user: { id } as Extract<SessionState, { kind: "signed-in" }>["user"],
  accessToken: "",
  endsAtMs: 0,
});

/** A server with one document, which can be away. */
const stage = (server: SettingsDocument = {}) => {
  const state = { document: server, isAway: false, writes: [] as SettingsDocument[] };
  const session = createStore<SessionState>(() => ({ kind: "none" }));
  const settings = createSettingsStore(memory());
  const onFault = vi.fn<(error: unknown) => void>();
  const reach = (): void => {
    if (state.isAway) throw new Error("away");
  };
  const kept = keepSettings({
    settings,
    session,
    read: async () => {
      reach();
      return state.document;
    },
    write: async (document) => {
      reach();
      state.document = document;
      state.writes.push(document);
    },
    onFault,
  });
  return { state, session, settings, onFault, ...kept };
};

describe("settings on the server", () => {
  it("are taken over after the sign-in, and nothing is sent back", async () => {
    const { state, session, settings } = stage({ "editor.tabSize": 2, newer: 1 });
    session.setState(signedIn("ada"), true);
    await vi.runAllTimersAsync();
    expect(settings.getState().values["editor.tabSize"]).toBe(2);
    expect(state.writes).toEqual([]);
  });

  it("get what was changed before the sign-in, and keep what only a newer page knows", async () => {
    const { state, session, settings } = stage({ "editor.tabSize": 2, newer: 1 });
    changeSetting(settings, "theme", "dark");
    await vi.runAllTimersAsync();
    expect(state.writes).toEqual([]);
    session.setState(signedIn("ada"), true);
    await vi.runAllTimersAsync();
    expect(state.writes).toEqual([{ "editor.tabSize": 2, newer: 1, theme: "dark" }]);
    expect(settings.getState().unsent).toEqual([]);
  });

  it("get many changes at once, after a moment of quiet or when the page is left", async () => {
    const { state, session, settings, flush } = stage();
    session.setState(signedIn("ada"), true);
    await vi.runAllTimersAsync();
    for (const size of [14, 15, 16]) changeSetting(settings, "editor.fontSize", size);
    await vi.runAllTimersAsync();
    expect(state.writes).toEqual([{ "editor.fontSize": 16 }]);
    changeSetting(settings, "editor.fontSize", 17);
    flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(state.writes.at(-1)).toEqual({ "editor.fontSize": 17 });
    flush();
    await vi.runAllTimersAsync();
    expect(state.writes).toHaveLength(2);
  });

  it("of one user are not sent as another one's, nor after the sign-in has ended", async () => {
    const { state, session, settings } = stage();
    session.setState(signedIn("ada"), true);
    await vi.runAllTimersAsync();
    changeSetting(settings, "editor.fontSize", 20);
    session.setState({ kind: "none" }, true);
    await vi.runAllTimersAsync();
    expect(state.writes).toEqual([]);
  });

  it("get later what could not be sent", async () => {
    const { state, session, settings, onFault } = stage({ theme: "light" });
    state.isAway = true;
    session.setState(signedIn("ada"), true);
    await vi.runAllTimersAsync();
    changeSetting(settings, "editor.minimap", true);
    await vi.runAllTimersAsync();
    // Sending without having read would have overwritten the theme.
    expect([onFault.mock.calls.length, state.writes]).toEqual([1, []]);
    state.isAway = false;
    session.setState({ kind: "none" }, true);
    session.setState(signedIn("ada"), true);
    await vi.runAllTimersAsync();
    expect(state.document).toEqual({ theme: "light", "editor.minimap": true });
  });
});
