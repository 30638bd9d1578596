/** Short messages that go away by themselves, some with one thing to do. */
import { createStore } from "zustand/vanilla";

export type Toast = {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void };
};

const SHOWN_MS = 6000;
const MOST = 3;
let lastId = 0;

export const toastStore = createStore<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));

export const dismissToast = (id: number): void =>
  toastStore.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));

/** Shows a toast for six seconds; returns its id. */
export const showToast = (toast: Omit<Toast, "id" | "tone"> & { tone?: Toast["tone"] }): number => {
  lastId += 1;
  const shown: Toast = { tone: "plain", ...toast, id: lastId };
  toastStore.setState(({ toasts }) => ({ toasts: [...toasts, shown].slice(-MOST) }));
  setTimeout(() => dismissToast(shown.id), SHOWN_MS);
  return shown.id;
};
