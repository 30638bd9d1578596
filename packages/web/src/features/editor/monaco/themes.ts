/** The light and dark editor themes, taken from the shell's tokens where the page defines them. */
import { editor } from "monaco-editor/editor";
import type { EditorTheme } from "../ports.ts";
import { PALETTES, type Palette } from "./palettes.ts";

/** Which of the page's tokens is which colour here; the rest is the editor's own. */
const TOKENS: Partial<Record<keyof Palette, string>> = {
  background: "--surface",
  foreground: "--text",
  muted: "--text-faint",
  line: "--line",
  accent: "--accent-text",
};

/** Reads the tokens as they are in that theme and shows every editor of the page in it. */
export function applyTheme(theme: EditorTheme, host: HTMLElement): void {
  const palette = { ...PALETTES[theme] };
  const probe = document.createElement("span");
  probe.style.colorScheme = theme;
  host.append(probe);
  for (const [key, token] of Object.entries(TOKENS) as [keyof Palette, string][]) {
    probe.style.color = `var(${token}, #01020304)`;
    const value = asHex(getComputedStyle(probe).color);
    if (value) palette[key] = value;
  }
  probe.remove();
  const name = `atelier-${theme}`;
  editor.defineTheme(name, toMonaco(theme, palette));
  editor.setTheme(name);
}

/** `rgb(1, 2, 3)` as `#010203`; anything translucent or in another space is none. */
function asHex(computed: string): string | undefined {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(computed)?.slice(1);
  return parts && `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
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
      rule("invalid", palette.invalid),
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
      "editor.rangeHighlightBackground": `${palette.selection}66`,
      "editorLineNumber.foreground": palette.muted,
      "editorLineNumber.activeForeground": palette.foreground,
      "editorIndentGuide.background1": palette.line,
      "editorIndentGuide.activeBackground1": palette.muted,
      "editorWhitespace.foreground": palette.line,
      "editorBracketMatch.background": `${palette.selection}80`,
      "editorBracketMatch.border": palette.accent,
      "editorGutter.background": palette.background,
      "editorGutter.foldingControlForeground": palette.muted,
      "editorBracketHighlight.foreground1": palette.foreground,
      "editorBracketHighlight.foreground2": palette.type,
      "editorBracketHighlight.foreground3": palette.keyword,
      "editorBracketHighlight.foreground4": palette.foreground,
      "editorBracketHighlight.foreground5": palette.type,
      "editorBracketHighlight.foreground6": palette.keyword,
      "editorBracketHighlight.unexpectedBracket.foreground": palette.invalid,
      "editorOverviewRuler.border": "#00000000",
      "diffEditor.insertedTextBackground": `${palette.string}38`,
      "diffEditor.insertedLineBackground": `${palette.string}17`,
      // Pale, so that every colour of the syntax keeps its contrast on it; a border shows what was removed.
      "diffEditor.removedTextBackground": `${palette.invalid}10`,
      "diffEditor.removedTextBorder": `${palette.invalid}66`,
      "diffEditor.removedLineBackground": `${palette.invalid}0d`,
      "diffEditor.unchangedRegionBackground": palette.raised,
      "diffEditor.unchangedRegionForeground": palette.muted,
      "diffEditor.diagonalFill": palette.line,
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
      "inputValidation.infoBackground": palette.raised,
      "inputValidation.infoForeground": palette.foreground,
      "inputValidation.infoBorder": palette.muted,
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
      "toolbar.hoverBackground": palette.selection,
      "widget.shadow": theme === "dark" ? "#00000080" : "#0000001f",
      "scrollbar.shadow": "#00000000",
      "scrollbarSlider.background": `${palette.muted}40`,
      "scrollbarSlider.hoverBackground": `${palette.muted}66`,
      "scrollbarSlider.activeBackground": `${palette.muted}80`,
    },
  };
}
