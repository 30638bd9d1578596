/** The terminal's colours: those of the page in the current theme. */
import type { ITheme } from "@xterm/xterm";

/** The value of a colour token in the current theme; the browser resolves `light-dark()` on the probe element. */
const colorReader =
  (host: HTMLElement): ((token: string) => string) =>
  (token) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${token})`;
    host.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };

/** The background of text that was found, except of the selected match. */
export const foundColor = (host: HTMLElement): string => colorReader(host)("--terminal-found");

/** Reads the tokens at the terminal's element. */
export const terminalTheme = (host: HTMLElement): ITheme => {
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
