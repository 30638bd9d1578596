/** The keys that work everywhere in the page: Run, F6 from region to region, and Save, which has nothing to do. */
import { isApple } from "./platform.ts";
import type { App } from "./services.ts";
import { runByKey, stop } from "../features/execution/run-actions.ts";
import { isBusy } from "../features/execution/run-store.ts";
import { dismissToast, showToast } from "../design/toasts.ts";
import { saveWords } from "../features/files/save-words.ts";
import { setFollowing } from "../features/presence/follow.ts";

export const runKeyCaps = isApple ? ["⌘", "⏎"] : ["Ctrl", "Enter"];
export const runKeys = runKeyCaps.join(isApple ? "" : "+");

const isRunKey = (event: KeyboardEvent): boolean => event.key === "Enter" && (event.ctrlKey || event.metaKey);

const isSaveKey = (event: KeyboardEvent): boolean =>
  event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;

/** Keys that the terminal must leave to the page. In a terminal Ctrl+S would hold the output, and nothing would say so. */
export const isPageKey = (event: KeyboardEvent): boolean => isRunKey(event) || isSaveKey(event) || event.key === "F6";

let saveToast: number | undefined;

/** The page saves by itself: Ctrl+S shows the save state instead of the browser's dialog. */
const saySaved = (app: App): void => {
  const { saves, shown } = app.tabs.getState();
  const save = saves.get(shown ?? "");
  if (saveToast !== undefined) dismissToast(saveToast);
  const words = save ? saveWords(save).text : "There is nothing to save yet";
  const text = save?.kind === "read-only" ? `${words}.` : `${words}. Every change is saved by itself.`;
  saveToast = showToast({ text });
};

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
      if (isSaveKey(event)) event.preventDefault();
      // Nothing behind an open dialog is focused or started.
      if (document.querySelector("dialog[open]")) return;
      if (isRunKey(event)) {
        event.preventDefault();
        event.stopPropagation();
        if (event.shiftKey && isBusy(app.runs.getState().state)) stop(app);
        // A key that is held down counts once.
        else if (!event.repeat) runByKey(app);
      } else if (isSaveKey(event)) {
        event.stopPropagation();
        saySaved(app);
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
