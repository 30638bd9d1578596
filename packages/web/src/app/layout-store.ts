/** Sizes of the side panes, and which pane a phone shows. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { readStored, writeStored } from "./stored.ts";

export type PaneName = "code" | "files" | "output";
export type Layout = {
  readonly pane: PaneName;
  /** CSS pixels. */
  readonly filesWidth: number;
  /** Percent of the window's width. */
  readonly outputWidth: number;
  /** Undefined: the tree shows from the second file on. */
  readonly filesShown: boolean | undefined;
};
export type LayoutStore = StoreApi<Layout>;

export const FILES_WIDTH = { least: 150, most: 480, first: 216 } as const;
export const OUTPUT_WIDTH = { least: 20, most: 70, first: 40 } as const;
const NAME = "layout";

type Kept = Partial<Pick<Layout, "filesWidth" | "outputWidth">>;

const readKept = (): Kept => {
  try {
    return JSON.parse(readStored(NAME) ?? "{}") as Kept;
  } catch {
    return {};
  }
};

const within = (value: unknown, { least, most, first }: { least: number; most: number; first: number }): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : first;

export const createLayoutStore = (shell: HTMLElement): LayoutStore => {
  const kept = readKept();
  const store = createStore<Layout>(() => ({
    pane: "code",
    filesWidth: within(kept.filesWidth, FILES_WIDTH),
    outputWidth: within(kept.outputWidth, OUTPUT_WIDTH),
    filesShown: undefined,
  }));
  const apply = ({ pane, filesWidth, outputWidth }: Layout): void => {
    shell.dataset["pane"] = pane;
    shell.style.setProperty("--files-width", `${filesWidth}px`);
    shell.style.setProperty("--output-width", `${outputWidth}%`);
  };
  apply(store.getState());
  store.subscribe((layout, before) => {
    apply(layout);
    if (layout.filesWidth !== before.filesWidth || layout.outputWidth !== before.outputWidth) {
      writeStored(NAME, JSON.stringify({ filesWidth: layout.filesWidth, outputWidth: layout.outputWidth }));
    }
  });
  return store;
};
