/** The regions of the page that F6 goes through. */
import type { App } from "./services.ts";

const REGIONS = [
  "slot-files",
  "region-code",
  "slot-output",
  "slot-status",
  "slot-bar",
  "slot-bottom",
  "toasts",
] as const;
/** The element of a region that gets the focus: fields and lists before buttons. */
const LANDINGS = [
  '[role="treeitem"][tabindex="0"]',
  ".xterm-helper-textarea, .early-keys",
  ".input-row .input",
  ".button-run",
  "button:not(:disabled), a[href]",
  '[tabindex="0"]',
] as const;

const isShown = (element: HTMLElement): boolean => element.checkVisibility({ visibilityProperty: true });

/** Moves the keyboard to the next region that is shown, or to the one before. */
export const cycleRegion = (app: App, step: 1 | -1): void => {
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
