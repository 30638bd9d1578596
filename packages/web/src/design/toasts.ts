/** Short messages that disappear after some seconds, some with an action; the pointer or the focus on one keeps it. */
import { createStore } from "zustand/vanilla";

export type Toast = {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Lines that the reader may unfold; the toast then stays. */
  readonly list?: { readonly label: string; readonly items: readonly string[] };
  /** Called once when the toast disappears and its action was not used. */
  readonly onGone?: () => void;
  /** A toast replaces the one of the same topic, which is outdated. */
  readonly topic?: string;
};

const SHOWN_MS = 6000;
const MOST = 3;
let lastId = 0;
let isPaused = false;
const timers = new Map<number, ReturnType<typeof setTimeout>>();
/** Toasts without a timer. */
const kept = new Set<number>();

export const toastStore = createStore<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));

const take = (id: number): Toast | undefined => {
  clearTimeout(timers.get(id));
  timers.delete(id);
  kept.delete(id);
  const toast = toastStore.getState().toasts.find((other) => other.id === id);
  if (toast) toastStore.setState(({ toasts }) => ({ toasts: toasts.filter((other) => other !== toast) }));
  return toast;
};

export const dismissToast = (id: number): void => take(id)?.onGone?.();

/** Removes the toast of a topic, if there is one. */
export const dismissTopic = (topic: string): void => {
  for (const toast of toastStore.getState().toasts) if (toast.topic === topic) dismissToast(toast.id);
};

/** Runs the action of a toast. */
export const runToastAction = (id: number): void => take(id)?.action?.run();

const startTimer = (id: number): void => {
  timers.set(
    id,
    setTimeout(() => dismissToast(id), SHOWN_MS),
  );
};

/** Replaces the text of a toast that is shown, which then stays for another six seconds. */
export const updateToast = (id: number, text: string): void => {
  if (!toastStore.getState().toasts.some((toast) => toast.id === id)) return;
  toastStore.setState(({ toasts }) => ({
    toasts: toasts.map((toast) => (toast.id === id ? { ...toast, text } : toast)),
  }));
  clearTimeout(timers.get(id));
  kept.delete(id);
  if (!isPaused) startTimer(id);
};

/** The toast stays until it is dismissed or updated. */
export const keepToast = (id: number): void => {
  if (!toastStore.getState().toasts.some((toast) => toast.id === id)) return;
  clearTimeout(timers.get(id));
  timers.delete(id);
  kept.add(id);
};

/** While the pointer or the focus is on a toast, none of them disappears. */
export const pauseToasts = (isOn: boolean): void => {
  if (isOn === isPaused) return;
  isPaused = isOn;
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  if (!isPaused) for (const { id } of toastStore.getState().toasts) if (!kept.has(id)) startTimer(id);
};

/** Shows a toast for six seconds; returns its id. */
export const showToast = (toast: Omit<Toast, "id" | "tone"> & { tone?: Toast["tone"] }): number => {
  if (toast.topic !== undefined) dismissTopic(toast.topic);
  lastId += 1;
  const shown: Toast = { tone: "plain", ...toast, id: lastId };
  toastStore.setState(({ toasts }) => ({ toasts: [...toasts, shown] }));
  for (const { id } of toastStore.getState().toasts.slice(0, -MOST)) dismissToast(id);
  if (!isPaused) startTimer(shown.id);
  return shown.id;
};
