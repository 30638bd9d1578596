/** The terminal that shows a run: colours, input, links into files. Loaded when first needed. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { copyText } from "../../app/clipboard.ts";
import { isApple } from "../../app/platform.ts";
import type { OutputLink } from "@atelier/contracts/error-positions";
import type { OutputBuffer } from "./output-buffer.ts";
import { createInputOrder } from "./input-order.ts";
import { passKeylessText } from "./keyless-text.ts";
import { feedTerminal } from "./terminal-feed.ts";
import { findInTerminal, type FoundText } from "./terminal-find.ts";
import { keyMeaning } from "./terminal-keys.ts";
import { findTerminalLinks, type TerminalLines, toLinks } from "./terminal-links.ts";
import { FONT_SIZE_PX, type TerminalSize } from "./terminal-size.ts";
import { hideEmptyRows } from "./terminal-rows.ts";
import { markFound } from "./terminal-marks.ts";
import { terminalTheme } from "./terminal-theme.ts";
import { CONTINUES_OSC, createWordWrap } from "./word-wrap.ts";

const SCROLLBACK_LINES = 5000;
/** Longer lines are broken even without wrapping: every cell of every row costs memory. */
const MOST_COLUMNS = 1000;
/** While a pane is being resized, the layout waits until the width has not changed for this long. */
const REST_MS = 120;

export type TerminalOptions = {
  readonly host: HTMLElement;
  readonly output: OutputBuffer;
  readonly paths: () => readonly string[];
  readonly onInput: (text: string) => void;
  readonly onResize: (columns: number, rows: number) => void;
  readonly onLink: (link: OutputLink) => void;
  /** Called when the user wants to find text. */
  readonly onFind: () => void;
  /** Called when the selection begins or ends. */
  readonly onSelection: (hasSelection: boolean) => void;
  /** Keys that stay the page's own: Run, F6. */
  readonly isPageKey: (event: KeyboardEvent) => boolean;
  readonly isWrapped: boolean;
};

export interface TerminalView {
  /** Reads the theme's colours again. */
  restyle(): void;
  setActive(isActive: boolean): void;
  /** True: the run is being stopped, or was stopped: of output that waits only the end is shown. */
  setSkimming(isSkimming: boolean): void;
  /** True: long lines are broken between words. False: they scroll sideways. */
  setWrapped(isWrapped: boolean): void;
  focus(): void;
  /** As it is laid out now; undefined while it is hidden. */
  size(): TerminalSize | undefined;
  /** The selection, or else all text. */
  text(): string;
  selectAll(): void;
  /** Pastes like the keyboard does; what is typed until the text has been read comes after it. */
  paste(reading: Promise<string | undefined>): void;
  find(text: string): readonly FoundText[];
  /** Marks all matches, selects the one at this index and scrolls to it; an empty list clears marks and selection. */
  reveal(found: readonly FoundText[], at: number): void;
  dispose(): void;
}

const linesOf = (terminal: Terminal): TerminalLines => ({
  row(index) {
    const line = terminal.buffer.active.getLine(index);
    if (!line) return undefined;
    return {
      isWrapped: line.isWrapped,
      cells: () =>
        Array.from({ length: line.length }, (_, x) => {
          const cell = line.getCell(x);
          return { chars: cell?.getChars() ?? "", width: cell?.getWidth() ?? 1 };
        }),
    };
  },
});

/** The line height of the editor, whatever the font's own is. */
const matchLineHeight = (terminal: Terminal): void => {
  const wantedPx = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--line-code"));
  terminal.options.lineHeight = 1;
  const ownPx = terminal.element?.querySelector(".xterm-rows > div")?.getBoundingClientRect().height ?? 0;
  // Slightly more, because the terminal rounds down to whole device pixels.
  if (ownPx > 0 && wantedPx > ownPx) terminal.options.lineHeight = wantedPx / ownPx + 0.0001;
};

/**
 * Marks rows that the word wrap broke off as continuing the row above, so that selection, links and search see one line. xterm sets this
 * mark only for lines that it breaks itself, and has no public method to set it.
 */
const markContinuedRows = (terminal: Terminal): void => {
  terminal.parser.registerOscHandler(CONTINUES_OSC, () => {
    const { baseY, cursorY } = terminal.buffer.active;
    const line = terminal.buffer.active.getLine(baseY + cursorY) as { _line?: { isWrapped: boolean } } | undefined;
    if (line?._line) line._line.isWrapped = true;
    return true;
  });
};

export const mountTerminal = (options: TerminalOptions): TerminalView => {
  const { host } = options;
  let { isWrapped } = options;
  let isActive = false;
  let isDisposed = false;
  const terminal = new Terminal({
    // Decorations are a proposed part of the interface.
    allowProposedApi: true,
    convertEol: true,
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    cursorInactiveStyle: "outline",
    disableStdin: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--font-code"),
    fontSize: FONT_SIZE_PX,
    minimumContrastRatio: 4.5,
    // Screen readers can't read the drawing: xterm's list of lines is used, and new lines are announced politely.
    screenReaderMode: true,
    scrollback: SCROLLBACK_LINES,
    theme: terminalTheme(host),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  markContinuedRows(terminal);
  terminal.open(host);
  terminal.textarea?.setAttribute("aria-label", "Terminal: type here to answer the program. F6 leaves it.");

  const copySelection = (): void => {
    if (!terminal.hasSelection()) return;
    void copyText(terminal.getSelection());
    // The next Ctrl+C interrupts again.
    if (isActive) terminal.clearSelection();
  };
  terminal.attachCustomKeyEventHandler((event) => {
    const isPageKey = options.isPageKey(event);
    const meaning = keyMeaning(event, { hasSelection: terminal.hasSelection(), isActive, isApple, isPageKey });
    if (meaning === "program") return true;
    if (meaning !== "copy" && meaning !== "find") return false;
    event.preventDefault();
    if (event.type !== "keydown") return false;
    if (meaning === "copy") copySelection();
    else options.onFind();
    return false;
  });
  const input = createInputOrder(options.onInput);
  const keyless = passKeylessText(terminal, (text) => input.pass(text));
  terminal.onSelectionChange(() => options.onSelection(terminal.hasSelection()));
  terminal.registerLinkProvider({
    provideLinks(row, callback) {
      callback(toLinks(findTerminalLinks(linesOf(terminal), row - 1, options.paths()), options.onLink));
    },
  });

  const wrap = createWordWrap({ columns: () => terminal.cols, isOn: () => isWrapped });
  /** No layout is needed before there is output. */
  let isFed = false;
  let resting: ReturnType<typeof setTimeout> | undefined;
  /** The size that the program gets: the visible part. */
  let seen = { columns: 0, rows: 0 };

  const showCursor = (): void => terminal.write(isActive ? "\u001b[?25h" : "\u001b[?25l");
  const layOut = (): void => {
    clearTimeout(resting);
    // A full-screen program redraws its screen itself.
    if (wrap.isScreen || options.output.sizeBytes === 0) return;
    feed.again();
    showCursor();
  };
  const widen = (): void => {
    const wanted = Math.min(MOST_COLUMNS, wrap.longestCells + 1);
    if (wanted > terminal.cols) terminal.resize(wanted, terminal.rows);
  };
  const refit = (): void => {
    if (host.clientWidth === 0 || host.clientHeight === 0) return;
    const proposed = fit.proposeDimensions();
    if (!proposed || Number.isNaN(proposed.cols) || Number.isNaN(proposed.rows)) return;
    const bar = host.offsetHeight - host.clientHeight;
    const cellHeight = Number.parseFloat(getComputedStyle(host).getPropertyValue("--line-code"));
    const rows = Math.max(1, proposed.rows - Math.ceil(bar / cellHeight));
    const columns = isWrapped ? proposed.cols : Math.max(proposed.cols, Math.min(MOST_COLUMNS, wrap.longestCells + 1));
    const isOther = columns !== terminal.cols;
    // Resized without clearing, so that the output does not disappear.
    if (isOther || rows !== terminal.rows) terminal.resize(columns, rows);
    if (seen.columns !== proposed.cols || seen.rows !== rows) {
      seen = { columns: proposed.cols, rows };
      options.onResize(seen.columns, seen.rows);
    }
    if (!isFed || !isOther || !isWrapped) return;
    clearTimeout(resting);
    resting = setTimeout(layOut, REST_MS);
  };
  const observer = new ResizeObserver(refit);
  observer.observe(host);
  matchLineHeight(terminal);
  refit();
  isFed = true;
  const feed = feedTerminal({
    terminal,
    output: options.output,
    layout: {
      reset: () => wrap.reset(),
      transform(bytes) {
        const text = wrap.transform(bytes);
        if (!isWrapped) widen();
        return text;
      },
    },
  });
  // Cells are measured with the fallback font until the real one is here.
  void document.fonts.ready.then(() => {
    terminal.options.fontFamily = `${terminal.options.fontFamily ?? ""} `;
    matchLineHeight(terminal);
    refit();
  });
  const stopHiding = hideEmptyRows(host);
  const marks = markFound(terminal, host);

  return {
    restyle() {
      terminal.options.theme = terminalTheme(host);
      marks.restyle();
    },
    setActive(now) {
      isActive = now;
      terminal.options.disableStdin = !now;
      showCursor();
      if (now) options.onResize(seen.columns, seen.rows);
    },
    setSkimming: (isSkimming) => feed.skim(isSkimming),
    setWrapped(now) {
      if (now === isWrapped) return;
      isWrapped = now;
      refit();
      layOut();
    },
    focus: () => terminal.focus(),
    size() {
      refit();
      return seen.columns > 0 ? { columns: Math.min(1000, seen.columns), rows: Math.min(1000, seen.rows) } : undefined;
    },
    text() {
      if (terminal.hasSelection()) return terminal.getSelection();
      terminal.selectAll();
      const all = terminal.getSelection();
      terminal.clearSelection();
      return all.trimEnd();
    },
    selectAll: () => terminal.selectAll(),
    paste(reading) {
      terminal.focus();
      void input.pasteWhenRead(reading, (text) => {
        if (!isDisposed) terminal.paste(text);
      });
    },
    find: (text) =>
      findInTerminal(linesOf(terminal), { text, rows: terminal.buffer.active.length, columns: terminal.cols }),
    reveal(found, at) {
      marks.show(found);
      terminal.clearSelection();
      const selected = found[at];
      if (!selected) return;
      terminal.select(selected.column, selected.row, selected.cells);
      terminal.scrollToLine(Math.max(0, selected.row - Math.floor(terminal.rows / 2)));
    },
    dispose() {
      isDisposed = true;
      clearTimeout(resting);
      keyless.dispose();
      stopHiding();
      feed.stop();
      observer.disconnect();
      terminal.dispose();
    },
  };
};
