/** Makes the group active that the reader goes into, and tells the style sheet which one it is. */
import type { App } from "../../app/services.ts";
import { activateGroup } from "./open-file.ts";

/** Called once, with the region of the code. */
export const followGroups = (app: App, region: HTMLElement): void => {
  const enter = ({ target }: Event): void =>
    activateGroup(app, target instanceof Element && target.closest("[data-beside]") ? 1 : 0);
  region.addEventListener("focusin", enter);
  // Not all that is in a group takes the keyboard.
  region.addEventListener("pointerdown", enter, true);
  app.tabs.subscribe(({ side, beside }) => {
    if (beside) region.dataset["groups"] = String(side);
    else delete region.dataset["groups"];
  });
};
