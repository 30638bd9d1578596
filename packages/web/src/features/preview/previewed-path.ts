/** Which file Run shows as a page instead of starting a program. */
import { isPreviewed } from "@atelier/contracts";
import type { App } from "../../app/services.ts";
import { entryAt } from "../files/entries.ts";

/** The shown file if it is a page; in a project without programs its index.html. undefined: Run starts a program. */
export const previewedPath = (app: App, hasProgram: () => boolean): string | undefined => {
  if (app.projects.getState().state.kind !== "open") return undefined;
  const { entries } = app.files.getState();
  const shown = entries.get(app.tabs.getState().shown ?? "")?.path;
  if (shown !== undefined && isPreviewed(shown)) return shown;
  const index = entryAt(entries, "index.html");
  return index?.kind === "file" && !hasProgram() ? index.path : undefined;
};

/** Opens the preview; its code is loaded with the first one. */
export const showPreview = async (app: App, path: string): Promise<void> => {
  const { openPreview } = await import("./open-preview.tsx");
  await openPreview(app, path);
};
