/** The save state in words. */
import type { ReadOnlyReason, SaveState } from "../editor/index.ts";

const READ_ONLY: Readonly<Record<ReadOnlyReason, string>> = {
  role: "View only",
  binary: "Not text: view only",
  "too-large": "Too large to edit here",
  "log-unavailable": "Saving is paused: view only",
  "signed-out": "Signed out: view only",
  "rights-taken": "You can't edit this any more",
  "not-found": "This file was deleted",
  opening: "Opening…",
  unreachable: "Offline",
};

const SHORT: Partial<Readonly<Record<ReadOnlyReason, string>>> = {
  role: "View only",
  opening: "Opening…",
  unreachable: "Offline",
};

const changeCount = (count: number): string => (count === 1 ? "1 change" : `${count} changes`);

export type SaveWords = { readonly tone: "good" | "busy" | "warn"; readonly text: string; readonly short: string };

export const saveWords = (state: SaveState): SaveWords => {
  switch (state.kind) {
    case "saved":
      return { tone: "good", text: "Saved", short: "Saved" };
    case "saving":
      return { tone: "busy", text: "Saving…", short: "Saving…" };
    case "unsaved-on-device":
      return { tone: "warn", text: `Saved on this device, ${changeCount(state.changes)} to sync`, short: "On device" };
    case "offline":
      // With changes: this browser keeps nothing on the device, they are in the page alone.
      return state.changes === 0
        ? { tone: "warn", text: "Offline", short: "Offline" }
        : {
            tone: "warn",
            text: `Not saved, ${changeCount(state.changes)} only in this page: keep it open`,
            short: "Keep open",
          };
    case "read-only":
      return {
        tone: state.reason === "opening" ? "busy" : "warn",
        text: READ_ONLY[state.reason],
        short: SHORT[state.reason] ?? "Read only",
      };
  }
};
