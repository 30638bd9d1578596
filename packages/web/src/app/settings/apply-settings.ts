/** Puts the settings into effect: the theme, the editor's type, and what the editor does. */
import type { PageSettings } from "@atelier/contracts";
import type { EditorPreferences } from "../../features/editor/index.ts";
import { chooseTheme, type ThemeStore } from "../theme-store.ts";

export const preferencesOf = (values: PageSettings): EditorPreferences => ({
  tabSize: values["editor.tabSize"],
  insertSpaces: values["editor.insertSpaces"],
  wordWrap: values["editor.wordWrap"],
  minimap: values["editor.minimap"],
  keymap: values["editor.keymap"],
});

/** Of the size of the code. */
const LINE_HEIGHT = 1.55;

/** The editor reads its type from these. A setting that is as at first leaves the style sheet's own. */
export const applyType = (values: PageSettings, style: CSSStyleDeclaration): void => {
  const size = values["editor.fontSize"];
  const fonts = values["editor.font"]
    .split(",")
    .map((font) => font.trim())
    .filter((font) => font !== "")
    .map((font) => `"${font}"`);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) style.removeProperty(name);
    else style.setProperty(name, value);
  };
  set("--size-editor", `${size}px`);
  set("--line-editor", `${Math.round(size * LINE_HEIGHT)}px`);
  set("--font-editor", fonts.length === 0 ? undefined : `${fonts.join(", ")}, var(--font-code)`);
};

export const applyTheme = (values: PageSettings, theme: ThemeStore): void => {
  if (theme.getState().choice !== values.theme) chooseTheme(theme, values.theme);
};
