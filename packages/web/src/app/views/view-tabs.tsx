/** Tabs between the views of a container (ARIA tabs: one takes Tab, arrows move and show). Absent while there is one view only. */
import type { KeyboardEvent } from "react";
import { flushSync } from "react-dom";
import { useStore } from "zustand";
import { useApp } from "../services.ts";
import { type PageView, showView, shownView, type ViewContainer } from "./view-registry.ts";
import "./view-tabs.css";

const LABELS = { side: "Side views", panel: "Panel views" } as const satisfies Record<ViewContainer, string>;
/** The rail at the side is a column of icons, the panel's tabs are a row of words. */
const KEYS = {
  side: { ArrowDown: 1, ArrowUp: -1 },
  panel: { ArrowRight: 1, ArrowLeft: -1 },
} as const satisfies Record<ViewContainer, Readonly<Record<string, number>>>;

const tabId = (container: ViewContainer, id: string): string => `${container}-tab-${id}`;

export const ViewTabs = ({ container }: { readonly container: ViewContainer }) => {
  const app = useApp();
  const views = useStore(app.views, (state) => state.views[container]);
  const shown = useStore(app.views, (state) => shownView(state, container)?.id);
  if (views.length < 2) return null;
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = KEYS[container];
    const step = steps[event.key];
    const at = views.findIndex(({ id }) => id === shown);
    const ends: Readonly<Record<string, PageView | undefined>> = { Home: views[0], End: views.at(-1) };
    const next = step === undefined ? ends[event.key] : views.at((at + step) % views.length);
    if (!next) return;
    event.preventDefault();
    // Drawn at once: the panel's tabs are in the header of the shown view, which goes with it.
    flushSync(() => showView(app.views, container, next.id));
    document.getElementById(tabId(container, next.id))?.focus();
  };
  return (
    <div
      role="tablist"
      tabIndex={-1}
      className={`view-tabs view-tabs-${container}`}
      aria-label={LABELS[container]}
      aria-orientation={container === "side" ? "vertical" : "horizontal"}
      onKeyDown={onKeyDown}
    >
      {views.map(({ id, title, icon: Icon }) => (
        <button
          key={id}
          id={tabId(container, id)}
          role="tab"
          className="view-tab"
          aria-selected={id === shown}
          aria-controls={container === "side" ? "slot-files" : "slot-output"}
          aria-label={container === "side" ? title : undefined}
          title={container === "side" ? title : undefined}
          tabIndex={id === shown ? 0 : -1}
          onClick={() => showView(app.views, container, id)}
        >
          {container === "side" ? <Icon size={19} strokeWidth={1.75} aria-hidden /> : title}
        </button>
      ))}
    </div>
  );
};

/** The title of the shown panel view in its header, or the tabs to the others. */
export const PanelTitle = () => {
  const { views } = useApp();
  const hasOthers = useStore(views, (state) => state.views.panel.length > 1);
  const title = useStore(views, (state) => shownView(state, "panel")?.title);
  return hasOthers ? <ViewTabs container="panel" /> : <h2 className="output-title">{title}</h2>;
};

/** The shown view of a container. */
export const ShownView = ({ container }: { readonly container: ViewContainer }) => {
  const { views } = useApp();
  const view = useStore(views, (state) => shownView(state, container));
  return view ? <view.Body /> : null;
};
