/** The terminal's colours: the page's own, as the theme that is shown has them. */
import type { ITheme } from "@xterm/xterm";

/** What a colour token is in the theme that is shown; the probe lets the browser resolve `light-dark()`. */
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

/** Reads the tokens where the terminal is. */
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
