/** Runs commands by their keys, wherever the keyboard is: the page's keys go before those of the editor and the terminal. */
import { setFollowing } from "../../features/presence/follow.ts";
import { SAVE_COMMAND } from "../../features/files/save-command.ts";
import type { App } from "../services.ts";
import { commandForKey } from "./command-for-key.ts";

/** Listens in the capture phase, so that a command's key has precedence over the editor's own binding. */
export const installKeys = (app: App): void => {
  addEventListener(
    "keydown",
    (event) => {
      const dialog = document.querySelector("dialog[open]");
      const isPalette = dialog?.classList.contains("palette") === true;
      const command = commandForKey(app, event);
      // Nothing behind an open dialog is started; but the browser's own dialog for saving stays away there too.
      if (dialog && command?.id === SAVE_COMMAND) event.preventDefault();
      if (dialog && !(isPalette && command?.id.startsWith("palette."))) return;
      if (command) {
        event.preventDefault();
        event.stopPropagation();
        // A key that is held down counts once.
        if (!event.repeat || command.repeats === true) command.run();
      } else if (event.key === "Escape" && app.presence.getState().following !== undefined) {
        setFollowing(app, undefined);
      }
    },
    { capture: true },
  );
};
