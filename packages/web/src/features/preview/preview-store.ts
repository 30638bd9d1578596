/** What the preview of the open project shows, and what its page has printed. */
import type { Preview } from "@atelier/contracts";
import type { FromPreview } from "./preview-message.ts";
import { createStore, type StoreApi } from "zustand/vanilla";

/** More lines are removed from the top. */
export const MOST_LINES = 500;

export type PreviewLine = Extract<FromPreview, { kind: "log" }> & { readonly id: number };

export type PreviewState = {
  readonly address:
    | { readonly kind: "asking" }
    | { readonly kind: "none" }
    | { readonly kind: "fault"; readonly error: unknown }
    | { readonly kind: "open"; readonly preview: Preview };
  /** Where the frame is sent, relative to the preview's address; `turn` changes when it has to load again. */
  readonly sent: { readonly path: string; readonly turn: number };
  /** Where the page says that it is. */
  readonly at: string;
  readonly lines: readonly PreviewLine[];
  /** Lines that were left out. */
  readonly dropped: number;
};
export type PreviewStore = StoreApi<PreviewState>;

export const createPreviewStore = (): PreviewStore =>
  createStore<PreviewState>(() => ({
    address: { kind: "asking" },
    sent: { path: "", turn: 0 },
    at: "",
    lines: [],
    dropped: 0,
  }));

/** Sends the frame to a path, also when it is there already. */
export const sendTo = (store: PreviewStore, path: string): void =>
  store.setState(({ sent }) => ({ sent: { path, turn: sent.turn + 1 }, at: path }));

export const clearLines = (store: PreviewStore): void => store.setState({ lines: [], dropped: 0 });

let lineId = 0;

/** Takes a message of the page, which was checked for its form only. */
export const hearPreview = (store: PreviewStore, message: FromPreview): void => {
  switch (message.kind) {
    case "ready":
      store.setState({ at: message.path, lines: [], dropped: 0 });
      return;
    case "moved":
      store.setState({ at: message.path });
      return;
    case "dropped":
      store.setState(({ dropped }) => ({ dropped: Math.min(dropped + message.count, 1_000_000_000) }));
      return;
    case "log":
      lineId += 1;
      store.setState(({ lines, dropped }) => ({
        lines: [...lines, { ...message, id: lineId }].slice(-MOST_LINES),
        dropped: dropped + (lines.length >= MOST_LINES ? 1 : 0),
      }));
  }
};

/** A path as part of an address: `a b.html` -> `a%20b.html`. */
export const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** What was typed into the address bar, relative to the preview's address. */
export const typedPath = (text: string): string => text.trim().replace(/^\/+/u, "");
