/** The frame's two view containers in a page of their own, with views that a test adds and takes away. */
import "../../design/tokens.css";
import "../../design/base.css";
import "../../design/controls.css";
import "../../design/shell.css";
import "../../features/execution/output.css";
import { Files, Search, SquareTerminal, TriangleAlert } from "lucide-react";
import { createPortal } from "react-dom";
import { createRoot } from "react-dom/client";
import { type App, AppProvider } from "../services.ts";
import { addView, createViewStore, type ViewContainer } from "./view-registry.ts";
import { PanelTitle, ShownView, ViewTabs } from "./view-tabs.tsx";

const FRAME = `<header><h1 class="visually-hidden">Views</h1></header><div class="shell" data-files="shown"><main class="panes">
  <nav id="slot-files" class="pane pane-files" aria-label="Side"></nav>
  <section id="region-code" class="pane pane-code" aria-label="Code"></section>
  <section id="slot-output" class="pane pane-output" aria-label="Panel"></section></main></div><div id="app"></div>`;

const OTHERS = {
  side: { id: "search", title: "Search", icon: Search, Body: () => <p>Search in all files</p> },
  panel: { id: "problems", title: "Problems", icon: TriangleAlert, Body: () => <PanelView words="No problems" /> },
} as const;

const PanelView = ({ words }: { readonly words: string }) => (
  <>
    <header className="output-header">
      <PanelTitle />
    </header>
    <p>{words}</p>
  </>
);

const slot = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the frame has no #${id}`);
  return element;
};

/** Draws both containers with the one view that each has in the product. @returns what adds a second one; that returns what removes it */
export const mountViews = (): ((container: ViewContainer) => () => void) => {
  document.body.innerHTML = FRAME;
  const views = createViewStore();
  addView(views, "side", { id: "files", title: "Files", icon: Files, Body: () => <p>main.py</p> });
  addView(views, "panel", {
    id: "output",
    title: "Output",
    icon: SquareTerminal,
    Body: () => <PanelView words="Hello" />,
  });
  const app = { views } as Partial<App> as App;
  createRoot(slot("app")).render(
    <AppProvider value={app}>
      {createPortal(
        <>
          <ViewTabs container="side" />
          <ShownView container="side" />
        </>,
        slot("slot-files"),
      )}
      {createPortal(<ShownView container="panel" />, slot("slot-output"))}
    </AppProvider>,
  );
  return (container) => addView(views, container, OTHERS[container]);
};
