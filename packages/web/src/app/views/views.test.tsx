import { Files, type LucideIcon, Search } from "lucide-react";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { createStore } from "zustand/vanilla";
import { type App, AppProvider } from "../services.ts";
import { addView, createViewStore, showView, shownView, type ViewStore } from "./view-registry.ts";
import { PanelTitle, ShownView, ViewTabs } from "./view-tabs.tsx";

const view = (id: string, icon: LucideIcon = Files) => ({ id, title: id.toUpperCase(), icon, Body: () => <p>{id}</p> });

/** Drawn as a server does, which takes a store's first state. */
const drawn = (store: ViewStore, element: ReactNode): string => {
  const app = { views: createStore(() => store.getState()) } as Partial<App> as App;
  return renderToStaticMarkup(<AppProvider value={app}>{element}</AppProvider>);
};

describe("the views of a container", () => {
  it("are shown one at a time: the first, until another is chosen or the chosen one goes", () => {
    const store = createViewStore();
    expect(shownView(store.getState(), "side")).toBeUndefined();
    addView(store, "side", view("files"));
    const remove = addView(store, "side", view("search"));
    expect(shownView(store.getState(), "side")?.id).toBe("files");
    showView(store, "side", "search");
    expect(shownView(store.getState(), "side")?.id).toBe("search");
    remove();
    expect(shownView(store.getState(), "side")?.id).toBe("files");
    expect(shownView(store.getState(), "panel")).toBeUndefined();
    expect(() => addView(store, "side", view("files"))).toThrow("files");
  });

  it("have no tabs while there is one of them, and its title stands in the panel's header", () => {
    const store = createViewStore();
    addView(store, "side", view("files"));
    addView(store, "panel", view("output"));
    expect(drawn(store, <ViewTabs container="side" />)).toBe("");
    expect(drawn(store, <PanelTitle />)).toBe('<h2 class="output-title">OUTPUT</h2>');
    expect(drawn(store, <ShownView container="panel" />)).toBe("<p>output</p>");
  });

  it("have tabs with names from the second on: icons at the side, words in the panel, one in the tab order", () => {
    const store = createViewStore();
    for (const container of ["side", "panel"] as const) {
      addView(store, container, view("one"));
      addView(store, container, view("two", Search));
    }
    showView(store, "panel", "two");
    const side = drawn(store, <ViewTabs container="side" />);
    expect(side).toContain('aria-orientation="vertical"');
    expect(side).toContain('aria-label="TWO"');
    expect(side.match(/tabindex="0"/gu)).toHaveLength(1);
    expect(side.match(/aria-selected="true"/gu)).toHaveLength(1);
    const panel = drawn(store, <PanelTitle />);
    expect(panel).not.toContain("<h2");
    expect(panel).toMatch(/aria-selected="true"[^>]*>TWO</u);
    expect(drawn(store, <ShownView container="panel" />)).toBe("<p>two</p>");
  });
});
