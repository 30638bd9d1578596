/** The terminal that shows a run: colours, input, links into files. Loaded when first needed. */
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { OutputLink } from "./output-links.ts";
import type { OutputBuffer } from "./output-buffer.ts";
import { feedTerminal } from "./terminal-feed.ts";
import { findTerminalLinks, type TerminalLines, toLinks } from "./terminal-links.ts";

const SCROLLBACK_LINES = 5000;

export type TerminalOptions = {
  readonly host: HTMLElement;
  readonly output: OutputBuffer;
  readonly paths: () => readonly string[];
  readonly onInput: (text: string) => void;
  readonly onResize: (columns: number, rows: number) => void;
  readonly onLink: (link: OutputLink) => void;
  /** Keys that stay the page's own: Run, F6. */
  readonly isPageKey: (event: KeyboardEvent) => boolean;
};

export interface TerminalView {
  /** Reads the theme's colours again. */
  restyle(): void;
  setActive(isActive: boolean): void;
  focus(): void;
  dispose(): void;
}

/** What a colour token is in the theme that is shown; the probe lets the browser resolve `light-dark()`. */
const colorReader = (host: HTMLElement): ((token: string) => string) => {
  return (token) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${token})`;
    host.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
  };
};

const themeOf = (host: HTMLElement): ITheme => {
  const color = colorReader(host);
  const named = (name: string): string => color(`--terminal-${name}`);
  return {
    background: color("--surface"),
    foreground: color("--text"),
    cursor: color("--accent-text"),
    cursorAccent: color("--surface"),
    selectionBackground: color("--selected"),
    black: named("black"),
    red: named("red"),
    green: named("green"),
    yellow: named("yellow"),
    blue: named("blue"),
    magenta: named("magenta"),
    cyan: named("cyan"),
    white: named("white"),
    brightBlack: color("--text-faint"),
    brightRed: named("red"),
    brightGreen: named("green"),
    brightYellow: named("yellow"),
    brightBlue: named("blue"),
    brightMagenta: named("magenta"),
    brightCyan: named("cyan"),
    brightWhite: color("--text"),
  };
};

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

export const mountTerminal = (options: TerminalOptions): TerminalView => {
  const { host } = options;
  const terminal = new Terminal({
    convertEol: true,
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    cursorInactiveStyle: "outline",
    disableStdin: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--font-code"),
    fontSize: 13,
    lineHeight: 1.35,
    minimumContrastRatio: 4.5,
    // What is drawn is of no use to who can't see it: the lines again, and new ones said politely.
    screenReaderMode: true,
    scrollback: SCROLLBACK_LINES,
    theme: themeOf(host),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(host);
  terminal.textarea?.setAttribute("aria-label", "Terminal: type here to answer the program. F6 leaves it.");
  terminal.attachCustomKeyEventHandler((event) => {
    const leaves = event.key === "Tab" && (event.shiftKey || terminal.options.disableStdin === true);
    return !leaves && !options.isPageKey(event);
  });
  terminal.onData(options.onInput);
  terminal.onResize(({ cols, rows }) => options.onResize(cols, rows));
  terminal.registerLinkProvider({
    provideLinks(row, callback) {
      callback(toLinks(findTerminalLinks(linesOf(terminal), row - 1, options.paths()), options.onLink));
    },
  });

  const refit = (): void => {
    if (host.clientWidth > 0 && host.clientHeight > 0) fit.fit();
  };
  const observer = new ResizeObserver(refit);
  observer.observe(host);
  refit();
  // Cells are measured with the fallback font until the real one is here.
  void document.fonts.ready.then(() => {
    terminal.options.fontFamily = `${terminal.options.fontFamily ?? ""} `;
    refit();
  });
  const stopFeeding = feedTerminal(terminal, options.output);

  return {
    restyle() {
      terminal.options.theme = themeOf(host);
    },
    setActive(isActive) {
      terminal.options.disableStdin = !isActive;
      terminal.write(isActive ? "\u001b[?25h" : "\u001b[?25l");
      if (isActive) options.onResize(terminal.cols, terminal.rows);
    },
    focus: () => terminal.focus(),
    dispose() {
      stopFeeding();
      observer.disconnect();
      terminal.dispose();
    },
  };
};
