/** Reads manifests as untyped data: what has another shape than expected is absent. */
import { parse as parseJsonc, type ParseError } from "jsonc-parser";
import { parse as parseTomlText } from "smol-toml";
import { parse as parseYamlText } from "yaml";
import { isTooNested, MAX_YAML_BYTES, MAX_TABLE_TEXTS } from "./limits.ts";

export type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** The value as a table; an empty one if it is none. Only own keys are there: `__proto__` in a manifest is no prototype. */
export const asTable = (value: unknown): Table =>
  isTable(value) ? Object.assign(Object.create(null) as Table, value) : (Object.create(null) as Table);

export const asText = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= 4096 ? value : undefined;

export const asTexts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : []).flatMap((item) => asText(item) ?? []);

/** Names and texts of a table's entries that are texts. */
export const textEntries = (value: unknown): [name: string, text: string][] =>
  Object.entries(asTable(value))
    .slice(0, MAX_TABLE_TEXTS)
    .flatMap(([name, item]) => {
      const text = asText(item);
      return text === undefined ? [] : [[name, text] as [string, string]];
    });

const attempt = (text: string, parse: (text: string) => unknown): Table | undefined => {
  if (isTooNested(text)) return undefined;
  try {
    const value = parse(text);
    return isTable(value) ? asTable(value) : undefined;
  } catch {
    return undefined;
  }
};

/** Comments and trailing commas are allowed. undefined: not an object of JSON. */
export const readJson = (text: string): Table | undefined =>
  attempt(text, (given) => {
    const errors: ParseError[] = [];
    const value: unknown = parseJsonc(given, errors, { allowTrailingComma: true });
    return errors.length === 0 ? value : undefined;
  });

export const readToml = (text: string): Table | undefined => attempt(text, (given) => parseTomlText(given));

/** Aliases are refused: few bytes of them can stand for gigabytes. */
export const readYaml = (text: string): Table | undefined =>
  text.length > MAX_YAML_BYTES
    ? undefined
    : attempt(text, (given) =>
        parseYamlText(given, { maxAliasCount: 0, uniqueKeys: false, logLevel: "silent", schema: "core" }),
      );
