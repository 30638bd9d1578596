/** The views of the page's two view containers: the side (files) and the panel (output). Features register theirs. */
import type { LucideIcon } from "lucide-react";
import type { ComponentType } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";

export type ViewContainer = "side" | "panel";

export type PageView = {
  /** `files`, `output`: unique in its container. */
  readonly id: string;
  readonly title: string;
  readonly icon: LucideIcon;
  readonly Body: ComponentType;
};

export type ViewsState = {
  /** In the order of registration. */
  readonly views: Readonly<Record<ViewContainer, readonly PageView[]>>;
  /** The shown view's id; the first one is shown while it is none of them. */
  readonly shown: Readonly<Record<ViewContainer, string | undefined>>;
};
export type ViewStore = StoreApi<ViewsState>;

export const createViewStore = (): ViewStore =>
  createStore<ViewsState>(() => ({ views: { side: [], panel: [] }, shown: { side: undefined, panel: undefined } }));

/** Adds a view; returns what takes it away. @throws Error when the container has one of that id */
export const addView = (store: ViewStore, container: ViewContainer, view: PageView): (() => void) => {
  const change = (next: (views: readonly PageView[]) => readonly PageView[]): void =>
    store.setState(({ views }) => ({ views: { ...views, [container]: next(views[container]) } }));
  if (store.getState().views[container].some(({ id }) => id === view.id))
    throw new Error(`two views are called ${view.id}`);
  change((views) => [...views, view]);
  return () => change((views) => views.filter((other) => other !== view));
};

export const showView = (store: ViewStore, container: ViewContainer, id: string): void =>
  store.setState(({ shown }) => ({ shown: { ...shown, [container]: id } }));

export const shownView = ({ views, shown }: ViewsState, container: ViewContainer): PageView | undefined =>
  views[container].find(({ id }) => id === shown[container]) ?? views[container][0];
