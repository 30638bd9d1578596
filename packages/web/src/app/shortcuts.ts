/** The keys that work everywhere in the page: Run, and F6 from region to region. */
import type { App } from "./services.ts";
import { run, stop } from "../features/execution/run-actions.ts";
import { isBusy } from "../features/execution/run-store.ts";
import { setFollowing } from "../features/presence/follow.ts";

const isApple = /Mac|iPhone|iPad/u.test(navigator.platform);
export const runKeyCaps = isApple ? ["⌘", "⏎"] : ["Ctrl", "Enter"];
export const runKeys = runKeyCaps.join(isApple ? "" : "+");

const isRunKey = (event: KeyboardEvent): boolean => event.key === "Enter" && (event.ctrlKey || event.metaKey);

/** Keys that the terminal must leave to the page. */
export const isPageKey = (event: KeyboardEvent): boolean => isRunKey(event) || event.key === "F6";

const REGIONS = ["slot-files", "region-code", "slot-output", "slot-bar", "slot-bottom", "toasts"] as const;
/** Where the keyboard lands in a region: where one works, before what one presses. */
const LANDINGS = [
  '[role="treeitem"][tabindex="0"]',
  ".xterm-helper-textarea, .early-keys",
  ".input-row .input",
  ".button-run",
  "button:not(:disabled), a[href]",
  '[tabindex="0"]',
] as const;

const isShown = (element: HTMLElement): boolean => element.checkVisibility({ visibilityProperty: true });

const cycleRegion = (app: App, step: 1 | -1): void => {
  const regions = REGIONS.map((id) => document.getElementById(id)).filter(
    (region) => region !== null && isShown(region) && region.childElementCount > 0,
  );
  const at = regions.findIndex((region) => region?.contains(document.activeElement));
  const next = regions.at((at + step + regions.length) % regions.length);
  if (!next) return;
  if (next.id === "region-code") {
    app.editor.focus();
    // A cover is over it, or no file is open.
    if (next.contains(document.activeElement)) return;
  }
  for (const landing of LANDINGS) {
    const inside = [...next.querySelectorAll<HTMLElement>(landing)].find(isShown);
    if (inside) return inside.focus();
  }
  next.focus();
};

/** Listens before anything else does, so that the editor's own meaning of a key never wins over Run. */
export const installShortcuts = (app: App): void => {
  addEventListener(
    "keydown",
    (event) => {
      // A dialog is a place of its own: nothing behind it is reached or started.
      if (document.querySelector("dialog[open]")) return;
      if (isRunKey(event)) {
        event.preventDefault();
        event.stopPropagation();
        if (event.shiftKey && isBusy(app.runs.getState().state)) stop(app);
        else run(app);
      } else if (event.key === "F6") {
        event.preventDefault();
        event.stopPropagation();
        cycleRegion(app, event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape" && app.presence.getState().following !== undefined) {
        setFollowing(app, undefined);
      }
    },
    { capture: true },
  );
};
