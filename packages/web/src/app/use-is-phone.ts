/** Whether the page shows one pane at a time. */
import { useSyncExternalStore } from "react";
import { narrowWindow } from "./narrow-window.ts";

const narrow = narrowWindow();

const subscribe = (listener: () => void): (() => void) => {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
};

export const useIsPhone = (): boolean => useSyncExternalStore(subscribe, () => narrow.matches);
