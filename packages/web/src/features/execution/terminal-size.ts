/** The size of the console in characters, also before the terminal is loaded. */
import type { StartExecution } from "@atelier/contracts";
import type { ConsoleStore } from "./console-store.ts";

export type TerminalSize = NonNullable<StartExecution["terminalSize"]>;

/** The largest that the server takes. */
const MOST = 1000;
/** The width that the terminal leaves for its scrollbar. */
const SCROLLBAR_PX = 14;
export const FONT_SIZE_PX = 13;

const between = (count: number, least: number): number => Math.min(MOST, Math.max(least, Math.floor(count)));

/** What fits into a box; the smallest is what the terminal itself has at least. */
export const sizeOfBox = (
  box: { readonly widthPx: number; readonly heightPx: number },
  cell: { readonly widthPx: number; readonly heightPx: number },
): TerminalSize => ({
  columns: between((box.widthPx - SCROLLBAR_PX) / cell.widthPx, 2),
  rows: between(box.heightPx / cell.heightPx, 1),
});

const estimate = (): TerminalSize | undefined => {
  const host = document.querySelector(".run-terminal-host");
  const context = document.createElement("canvas").getContext("2d");
  if (!host || !context || host.clientWidth === 0 || host.clientHeight === 0) return undefined;
  const style = getComputedStyle(document.documentElement);
  context.font = `${FONT_SIZE_PX}px ${style.getPropertyValue("--font-code")}`;
  const cell = {
    widthPx: context.measureText("W").width,
    heightPx: Number.parseFloat(style.getPropertyValue("--line-code")),
  };
  if (!(cell.widthPx > 0 && cell.heightPx > 0)) return undefined;
  return sizeOfBox({ widthPx: host.clientWidth, heightPx: host.clientHeight }, cell);
};

/** As it is on the page now; undefined when the console is hidden. */
export const consoleSize = (store: ConsoleStore): TerminalSize | undefined =>
  store.getState().view?.size() ?? estimate();
