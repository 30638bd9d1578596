/** Which dialog is open; at most one. */
import { createStore, type StoreApi } from "zustand/vanilla";

export type OpenDialog =
  | { kind: "none" }
  | { kind: "share" }
  | { kind: "settings" }
  | { kind: "run-options" }
  | { kind: "palette"; mode: "commands" | "files" | "languages" }
  | { kind: "account"; form: "log-in" | "register"; reason?: string; invitation?: string }
  | { kind: "admin"; token: string };

export type DialogStore = StoreApi<OpenDialog>;

export const createDialogStore = (): DialogStore => createStore<OpenDialog>(() => ({ kind: "none" }));
