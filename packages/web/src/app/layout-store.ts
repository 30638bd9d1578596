/** The position and size of the panes, and which one a phone shows. Stored in this browser, and per project on the server. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { readStored, writeStored } from "./stored.ts";

export type PaneName = "code" | "files" | "output";
export type PanelPosition = "right" | "bottom";
export type Layout = {
  readonly pane: PaneName;
  /** CSS pixels. */
  readonly filesWidth: number;
  /** Percent of the window's width. */
  readonly outputWidth: number;
  /** Percent of the window's height, where the panel is below the code. */
  readonly outputHeight: number;
  readonly panelAt: PanelPosition;
  /** Percent of the code's width that the first group of a split editor has. */
  readonly groupWidth: number;
  /** Undefined: the tree shows from the second file on. */
  readonly filesShown: boolean | undefined;
};
export type LayoutStore = StoreApi<Layout>;

export const FILES_WIDTH = { least: 150, most: 480, first: 216 } as const;
export const OUTPUT_WIDTH = { least: 20, most: 70, first: 40 } as const;
export const OUTPUT_HEIGHT = { least: 15, most: 75, first: 35 } as const;
export const GROUP_WIDTH = { least: 20, most: 80, first: 50 } as const;
const NAME = "layout";

/** The stored part of the layout. */
export type KeptLayout = Pick<Layout, "filesWidth" | "outputWidth" | "outputHeight" | "panelAt" | "groupWidth">;
const KEPT = [
  "filesWidth",
  "outputWidth",
  "outputHeight",
  "panelAt",
  "groupWidth",
] as const satisfies (keyof KeptLayout)[];

const readKept = (): unknown => {
  try {
    return JSON.parse(readStored(NAME) ?? "{}");
  } catch {
    return {};
  }
};

const within = (value: unknown, { least, most, first }: { least: number; most: number; first: number }): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : first;

/** Makes a layout from stored values of any release: missing values and those out of range get the defaults. */
export const layoutFrom = (kept: unknown): KeptLayout => {
  const { filesWidth, outputWidth, outputHeight, panelAt, groupWidth } = (
    typeof kept === "object" && kept !== null ? kept : {}
  ) as Partial<Record<keyof KeptLayout, unknown>>;
  return {
    filesWidth: within(filesWidth, FILES_WIDTH),
    outputWidth: within(outputWidth, OUTPUT_WIDTH),
    outputHeight: within(outputHeight, OUTPUT_HEIGHT),
    panelAt: panelAt === "bottom" ? "bottom" : "right",
    groupWidth: within(groupWidth, GROUP_WIDTH),
  };
};

/** The part of a layout that is stored. */
export const keptOf = (layout: KeptLayout): KeptLayout => {
  const { filesWidth, outputWidth, outputHeight, panelAt, groupWidth } = layout;
  return { filesWidth, outputWidth, outputHeight, panelAt, groupWidth };
};

export const isSameLayout = (one: KeptLayout, other: KeptLayout): boolean =>
  KEPT.every((name) => one[name] === other[name]);

export const createLayoutStore = (shell: HTMLElement): LayoutStore => {
  const store = createStore<Layout>(() => ({ pane: "code", ...layoutFrom(readKept()), filesShown: undefined }));
  const apply = ({ pane, filesWidth, outputWidth, outputHeight, panelAt, groupWidth }: Layout): void => {
    shell.dataset["pane"] = pane;
    shell.dataset["panel"] = panelAt;
    shell.style.setProperty("--output-height", `${outputHeight}%`);
    shell.style.setProperty("--files-width", `${filesWidth}px`);
    shell.style.setProperty("--output-width", `${outputWidth}%`);
    shell.style.setProperty("--group-width", `${groupWidth}%`);
  };
  apply(store.getState());
  store.subscribe((layout, before) => {
    apply(layout);
    if (!isSameLayout(layout, before)) writeStored(NAME, JSON.stringify(keptOf(layout)));
  });
  return store;
};
