/** The settings in words, in the order of the form. */
import type { SettingName } from "@atelier/contracts";

export type SettingWords = {
  readonly title: string;
  readonly text?: string;
  readonly placeholder?: string;
  /** For a choice: the words for each option. */
  readonly options?: Readonly<Record<string, string>>;
};

export const SETTING_WORDS: Readonly<Record<SettingName, SettingWords>> = {
  theme: { title: "Theme", options: { system: "Same as system", light: "Light", dark: "Dark" } },
  "editor.font": {
    title: "Font",
    text: "One that this device has; several with commas",
    placeholder: "JetBrains Mono",
  },
  "editor.fontSize": { title: "Font size", text: "In pixels" },
  "editor.tabSize": { title: "Tab size", text: "Where a file's own indentation says nothing else" },
  "editor.insertSpaces": { title: "Indent with spaces" },
  "editor.wordWrap": { title: "Wrap long lines" },
  "editor.minimap": { title: "Minimap" },
  "editor.keymap": { title: "Keys", options: { standard: "Standard", vim: "Vim" } },
};

export const SETTING_GROUPS: readonly { readonly title: string; readonly names: readonly SettingName[] }[] = [
  { title: "Page", names: ["theme"] },
  {
    title: "Editor",
    names: [
      "editor.font",
      "editor.fontSize",
      "editor.tabSize",
      "editor.insertSpaces",
      "editor.wordWrap",
      "editor.minimap",
      "editor.keymap",
    ],
  },
];
