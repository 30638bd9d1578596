/** Opens the preview in the panel, renews its address while it is open, and closes it with its project. */
import { routes } from "@atelier/contracts";
import { Globe } from "lucide-react";
import type { App } from "../../app/services.ts";
import { addView, showView } from "../../app/views/view-registry.ts";
import { openProjectOf } from "../projects/project-store.ts";
import { PreviewPane } from "./preview-pane.tsx";
import { encodePath, sendTo } from "./preview-store.ts";

const VIEW = "preview";
/** The address is asked for again so long before it expires. */
const RENEW_BEFORE_MS = 10 * 60_000;
const RETRY_MS = 30_000;

/** Asks for the address; a changed one loads the page again, because it is another origin. */
const ask = async (app: App, projectId: string): Promise<void> => {
  const { preview: store } = app;
  try {
    const previews = await app.call(routes.listPreviews, { params: { projectId } });
    const preview = previews.find(({ kind }) => kind === "static");
    if (openProjectOf(app.projects)?.id !== projectId) return;
    store.setState({ address: preview ? { kind: "open", preview } : { kind: "none" } });
  } catch (error) {
    if (store.getState().address.kind !== "open") store.setState({ address: { kind: "fault", error } });
  }
};

const renewLater = (app: App, projectId: string): (() => void) => {
  let timer: ReturnType<typeof setTimeout>;
  const plan = (): void => {
    const { address } = app.preview.getState();
    const left = address.kind === "open" ? Date.parse(address.preview.expiresAt) - Date.now() - RENEW_BEFORE_MS : 0;
    timer = setTimeout(() => void ask(app, projectId).then(plan), Math.max(left, RETRY_MS));
  };
  plan();
  return () => clearTimeout(timer);
};

export const openPreview = async (app: App, path: string): Promise<void> => {
  const project = openProjectOf(app.projects);
  if (!project) return;
  const isOpen = app.views.getState().views.panel.some(({ id }) => id === VIEW);
  if (!isOpen) app.preview.setState({ address: { kind: "asking" }, lines: [], dropped: 0 });
  sendTo(app.preview, encodePath(path));
  if (!isOpen) {
    const remove = addView(app.views, "panel", { id: VIEW, title: "Preview", icon: Globe, Body: PreviewPane });
    let stopRenewing: (() => void) | undefined;
    const unsubscribe = app.projects.subscribe(() => {
      if (openProjectOf(app.projects)?.id === project.id) return;
      unsubscribe();
      stopRenewing?.();
      remove();
    });
    showView(app.views, "panel", VIEW);
    app.layout.setState({ pane: "output" });
    await ask(app, project.id);
    if (openProjectOf(app.projects)?.id === project.id) stopRenewing = renewLater(app, project.id);
    return;
  }
  showView(app.views, "panel", VIEW);
  app.layout.setState({ pane: "output" });
  if (app.preview.getState().address.kind !== "open") await ask(app, project.id);
};
