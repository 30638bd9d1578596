/** Whether the page shows one pane at a time; the same width as in the style sheets. */
import { useSyncExternalStore } from "react";

const narrow = matchMedia("(max-width: 759px)");

const subscribe = (listener: () => void): (() => void) => {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
};

export const useIsPhone = (): boolean => useSyncExternalStore(subscribe, () => narrow.matches);
