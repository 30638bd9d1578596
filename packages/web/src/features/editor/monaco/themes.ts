/** The light and dark editor themes, taken from the shell's tokens where the page defines them. */
import { editor } from "monaco-editor/editor";
import type { EditorTheme } from "../ports.ts";

interface Palette {
  background: string;
  foreground: string;
  muted: string;
  line: string;
  accent: string;
  selection: string;
  keyword: string;
  string: string;
  number: string;
  comment: string;
  type: string;
  name: string;
  raised: string;
}

/** Every text colour has a contrast of at least 4.5 to its background; a test holds it. */
export const PALETTES: Readonly<Record<EditorTheme, Palette>> = {
  light: {
    background: "#ffffff",
    foreground: "#1f2328",
    muted: "#6b7078",
    line: "#e4e4e0",
    accent: "#3355d1",
    selection: "#c9d7fb",
    keyword: "#8250b4",
    string: "#1a6e3c",
    number: "#a04a00",
    comment: "#656b73",
    type: "#0b6a86",
    name: "#23489e",
    raised: "#f7f7f5",
  },
  dark: {
    background: "#17181c",
    foreground: "#e2e3e7",
    muted: "#858a94",
    line: "#2b2d34",
    accent: "#8ba4ff",
    selection: "#2f4378",
    keyword: "#c9a1ff",
    string: "#8fd6a0",
    number: "#f2b06f",
    comment: "#8a909b",
    type: "#7cd0e6",
    name: "#9db8ff",
    raised: "#1e2025",
  },
};

/** Which custom property of the page overrides which colour. */
const TOKENS: Partial<Record<keyof Palette, string>> = {
  background: "--editor-background",
  foreground: "--editor-foreground",
  muted: "--editor-muted",
  line: "--editor-line",
  accent: "--editor-accent",
  selection: "--editor-selection",
  keyword: "--editor-keyword",
  string: "--editor-string",
  number: "--editor-number",
  comment: "--editor-comment",
  type: "--editor-type",
  name: "--editor-name",
  raised: "--editor-raised",
};

/** Reads the tokens as they are now and shows every editor of the page in that theme. */
export function applyTheme(theme: EditorTheme, host: HTMLElement): void {
  const palette = { ...PALETTES[theme] };
  const styles = getComputedStyle(host);
  for (const [key, token] of Object.entries(TOKENS) as [keyof Palette, string][]) {
    const value = asHex(styles.getPropertyValue(token).trim());
    if (value) palette[key] = value;
  }
  const name = `atelier-${theme}`;
  editor.defineTheme(name, toMonaco(theme, palette));
  editor.setTheme(name);
}

function asHex(value: string): string | undefined {
  if (/^#[\da-f]{6}$/i.test(value)) return value;
  if (/^#[\da-f]{3}$/i.test(value)) return value.replaceAll(/[\da-f]/gi, "$&$&");
  return undefined;
}

function toMonaco(theme: EditorTheme, palette: Palette): editor.IStandaloneThemeData {
  const rule = (token: string, color: string, fontStyle?: string) => ({
    token,
    foreground: color.slice(1),
    ...(fontStyle ? { fontStyle } : {}),
  });
  return {
    base: theme === "dark" ? "vs-dark" : "vs",
    inherit: false,
    rules: [
      { token: "", foreground: palette.foreground.slice(1), background: palette.background.slice(1) },
      rule("comment", palette.comment, "italic"),
      rule("keyword", palette.keyword),
      rule("metatag", palette.keyword),
      rule("tag", palette.keyword),
      rule("string", palette.string),
      rule("attribute.value", palette.string),
      rule("string.link", palette.accent),
      rule("regexp", palette.number),
      rule("number", palette.number),
      rule("constant", palette.number),
      rule("attribute.name", palette.type),
      rule("annotation", palette.type),
      rule("namespace", palette.type),
      rule("type", palette.type),
      rule("predefined", palette.name),
      rule("variable", palette.name),
      rule("key", palette.name),
      rule("delimiter", palette.foreground),
      rule("operator", palette.foreground),
      rule("invalid", theme === "dark" ? "#ff9d94" : "#b3261e"),
      rule("strong", palette.foreground, "bold"),
      rule("emphasis", palette.foreground, "italic"),
    ],
    colors: {
      "editor.background": palette.background,
      "editor.foreground": palette.foreground,
      "editorCursor.foreground": palette.accent,
      "editor.selectionBackground": palette.selection,
      "editor.inactiveSelectionBackground": `${palette.selection}99`,
      "editor.selectionHighlightBackground": `${palette.selection}80`,
      "editor.wordHighlightBackground": `${palette.selection}80`,
      "editor.wordHighlightStrongBackground": `${palette.selection}99`,
      "editor.lineHighlightBackground": palette.raised,
      "editor.lineHighlightBorder": "#00000000",
      "editor.findMatchBackground": `${palette.number}66`,
      "editor.findMatchHighlightBackground": `${palette.number}33`,
      "editorLineNumber.foreground": palette.muted,
      "editorLineNumber.activeForeground": palette.foreground,
      "editorIndentGuide.background1": palette.line,
      "editorIndentGuide.activeBackground1": palette.muted,
      "editorWhitespace.foreground": palette.line,
      "editorBracketMatch.background": `${palette.selection}80`,
      "editorBracketMatch.border": palette.accent,
      "editorGutter.background": palette.background,
      "editorGutter.foldingControlForeground": palette.muted,
      "editorOverviewRuler.border": "#00000000",
      "editorWidget.background": palette.raised,
      "editorWidget.foreground": palette.foreground,
      "editorWidget.border": palette.line,
      "editorSuggestWidget.background": palette.raised,
      "editorSuggestWidget.foreground": palette.foreground,
      "editorSuggestWidget.border": palette.line,
      "editorSuggestWidget.selectedBackground": palette.selection,
      "editorSuggestWidget.selectedForeground": palette.foreground,
      "editorSuggestWidget.highlightForeground": palette.accent,
      "editorHoverWidget.background": palette.raised,
      "editorHoverWidget.foreground": palette.foreground,
      "editorHoverWidget.border": palette.line,
      "editorLink.activeForeground": palette.accent,
      focusBorder: palette.accent,
      foreground: palette.foreground,
      descriptionForeground: palette.muted,
      "input.background": palette.background,
      "input.foreground": palette.foreground,
      "input.border": palette.line,
      "input.placeholderForeground": palette.muted,
      "inputOption.activeBorder": palette.accent,
      "inputOption.activeBackground": palette.selection,
      "inputOption.activeForeground": palette.foreground,
      "quickInput.background": palette.raised,
      "quickInput.foreground": palette.foreground,
      "list.hoverBackground": palette.selection,
      "list.focusBackground": palette.selection,
      "list.focusForeground": palette.foreground,
      "list.activeSelectionBackground": palette.selection,
      "list.activeSelectionForeground": palette.foreground,
      "menu.background": palette.raised,
      "menu.foreground": palette.foreground,
      "menu.selectionBackground": palette.selection,
      "menu.selectionForeground": palette.foreground,
      "menu.separatorBackground": palette.line,
      "menu.border": palette.line,
      "widget.shadow": theme === "dark" ? "#00000080" : "#0000001f",
      "scrollbar.shadow": "#00000000",
      "scrollbarSlider.background": `${palette.muted}40`,
      "scrollbarSlider.hoverBackground": `${palette.muted}66`,
      "scrollbarSlider.activeBackground": `${palette.muted}80`,
    },
  };
}
