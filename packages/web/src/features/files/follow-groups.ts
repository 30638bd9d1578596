/** Activates the editor group that gets the focus, marks it for the style sheet, and splits the editor again when the window gets wider. */
import type { App } from "../../app/services.ts";
import { narrowWindow } from "../../app/narrow-window.ts";
import { withGroups } from "./group-commands.ts";
import { activateGroup } from "./open-file.ts";

/** Called once, with the region of the code. */
export const followGroups = (app: App, region: HTMLElement): void => {
  const enter = ({ target }: Event): void =>
    activateGroup(app, target instanceof Element && target.closest("[data-beside]") ? 1 : 0);
  region.addEventListener("focusin", enter);
  // Some elements of a group can't get the focus.
  region.addEventListener("pointerdown", enter, true);
  narrowWindow().addEventListener("change", ({ matches: isNarrow }) => {
    if (!isNarrow && app.tabs.getState().joined) withGroups(({ splitAgain }) => splitAgain(app));
  });
  app.tabs.subscribe(({ side, beside }) => {
    if (beside) region.dataset["groups"] = String(side);
    else delete region.dataset["groups"];
  });
};
