/** The command behind the browser's key for saving. */
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { saySaved } from "./say-saved.ts";

export const SAVE_COMMAND = "files.save";

export const saveCommands = (app: App): Command[] => [
  {
    id: SAVE_COMMAND,
    title: "Show how far saving is",
    group: "Files",
    keys: ["Mod+S", "Ctrl+S", "Meta+S"],
    overProgram: true,
    run: () => saySaved(app),
  },
];
