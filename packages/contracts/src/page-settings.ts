/**
 * The page's settings, as one table: their kinds, limits and first values. The server keeps a user's settings as a document
 * (`GET|PUT /api/me/settings`) and does not interpret it; a reader takes the valid values.
 */

export type SettingDefinition =
  | { readonly kind: "toggle"; readonly first: boolean }
  | {
      readonly kind: "number";
      readonly least: number;
      readonly most: number;
      readonly step: number;
      readonly first: number;
    }
  | { readonly kind: "choice"; readonly options: readonly string[]; readonly first: string }
  /** A line of text without control characters and quotes; empty: the page's default. */
  | { readonly kind: "line"; readonly mostCharacters: number; readonly first: string };

const define = <const T extends Readonly<Record<string, SettingDefinition>>>(table: T): T => table;

export const PAGE_SETTINGS = define({
  theme: { kind: "choice", options: ["system", "light", "dark"], first: "system" },
  "editor.font": { kind: "line", mostCharacters: 80, first: "" },
  /** CSS pixels. */
  "editor.fontSize": { kind: "number", least: 10, most: 32, step: 0.5, first: 13.5 },
  /** Columns, for files whose own indentation cannot be detected. */
  "editor.tabSize": { kind: "number", least: 1, most: 8, step: 1, first: 4 },
  "editor.insertSpaces": { kind: "toggle", first: true },
  "editor.wordWrap": { kind: "toggle", first: false },
  "editor.minimap": { kind: "toggle", first: false },
  "editor.keymap": { kind: "choice", options: ["standard", "vim"], first: "standard" },
});

export type SettingName = keyof typeof PAGE_SETTINGS;
export const SETTING_NAMES = Object.keys(PAGE_SETTINGS) as SettingName[];

type ValueOf<T extends SettingDefinition> = T extends { kind: "toggle" }
  ? boolean
  : T extends { kind: "number" }
    ? number
    : T extends { kind: "choice"; options: readonly (infer O)[] }
      ? O
      : string;
export type PageSettings = { readonly [N in SettingName]: ValueOf<(typeof PAGE_SETTINGS)[N]> };

const PLAIN_LINE = /^[^\p{C}"'\\;{}]*$/u;

/** Whether a setting may have this value. */
export const isSettingValue = (name: SettingName, value: unknown): boolean => {
  const definition: SettingDefinition = PAGE_SETTINGS[name];
  switch (definition.kind) {
    case "toggle":
      return typeof value === "boolean";
    case "number":
      return (
        typeof value === "number" &&
        value >= definition.least &&
        value <= definition.most &&
        Number.isInteger((value - definition.least) / definition.step)
      );
    case "choice":
      return typeof value === "string" && definition.options.includes(value);
    case "line":
      return typeof value === "string" && value.length <= definition.mostCharacters && PLAIN_LINE.test(value);
  }
};

/** Every setting: the document's value where that is valid, else the first one. */
export const readPageSettings = (document: Readonly<Record<string, unknown>>): PageSettings =>
  Object.fromEntries(
    SETTING_NAMES.map((name) => {
      const value = Object.hasOwn(document, name) ? document[name] : undefined;
      return [name, isSettingValue(name, value) ? value : PAGE_SETTINGS[name].first];
    }),
  ) as unknown as PageSettings;
