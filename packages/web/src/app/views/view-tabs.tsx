/** Tabs between the views of a place (ARIA tabs: one takes Tab, arrows move and show). Absent while there is one view only. */
import type { KeyboardEvent } from "react";
import { useStore } from "zustand";
import { useApp } from "../services.ts";
import { showView, shownView, type ViewPlace } from "./view-registry.ts";
import "./view-tabs.css";

const LABELS = { side: "Side views", panel: "Panel views" } as const satisfies Record<ViewPlace, string>;
/** The rail at the side is a column of icons, the panel's tabs are a row of words. */
const KEYS = {
  side: { ArrowDown: 1, ArrowUp: -1 },
  panel: { ArrowRight: 1, ArrowLeft: -1 },
} as const satisfies Record<ViewPlace, Readonly<Record<string, number>>>;

const tabId = (place: ViewPlace, id: string): string => `${place}-tab-${id}`;

export const ViewTabs = ({ place }: { readonly place: ViewPlace }) => {
  const app = useApp();
  const views = useStore(app.views, (state) => state.views[place]);
  const shown = useStore(app.views, (state) => shownView(state, place)?.id);
  if (views.length < 2) return null;
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = KEYS[place];
    const step = steps[event.key];
    if (step === undefined) return;
    const at = views.findIndex(({ id }) => id === shown);
    const next = views.at((at + step) % views.length);
    if (!next) return;
    event.preventDefault();
    showView(app.views, place, next.id);
    document.getElementById(tabId(place, next.id))?.focus();
  };
  return (
    <div
      role="tablist"
      tabIndex={-1}
      className={`view-tabs view-tabs-${place}`}
      aria-label={LABELS[place]}
      aria-orientation={place === "side" ? "vertical" : "horizontal"}
      onKeyDown={onKeyDown}
    >
      {views.map(({ id, title, icon: Icon }) => (
        <button
          key={id}
          id={tabId(place, id)}
          role="tab"
          className="view-tab"
          aria-selected={id === shown}
          aria-controls={place === "side" ? "slot-files" : "slot-output"}
          aria-label={place === "side" ? title : undefined}
          title={place === "side" ? title : undefined}
          tabIndex={id === shown ? 0 : -1}
          onClick={() => showView(app.views, place, id)}
        >
          {place === "side" ? <Icon size={19} strokeWidth={1.75} aria-hidden /> : title}
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
  return hasOthers ? <ViewTabs place="panel" /> : <h2 className="output-title">{title}</h2>;
};

/** The shown view of a place. */
export const ShownView = ({ place }: { readonly place: ViewPlace }) => {
  const { views } = useApp();
  const view = useStore(views, (state) => shownView(state, place));
  return view ? <view.Body /> : null;
};
