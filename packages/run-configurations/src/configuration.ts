/** Makes the configurations that inference finds. */
import type { RunConfiguration } from "@atelier/contracts";
import { type Environment, type Needs, resolveNeeds } from "./environment.ts";

/** What an ecosystem says; everything else has a default. */
export type Found = {
  readonly name: string;
  readonly kind: RunConfiguration["kind"];
  readonly test?: boolean;
  readonly command?: string | readonly string[];
  readonly language?: string;
  readonly entryPoint?: string;
  readonly compile?: string;
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly folder?: string;
  readonly port?: number | undefined;
  readonly source: string;
  readonly needs?: Needs;
};

const MAX_NAME = 100;
/** A name from a manifest, as it may be shown and asked for. */
const plainName = (name: string): string =>
  name
    // oxlint-disable-next-line no-control-regex -- control characters are what is removed
    .replaceAll(/[\u0000-\u001f\u007f]/gu, " ")
    .toWellFormed()
    .slice(0, MAX_NAME)
    .trim();

/** A folder that is not the project's is said in the name: two packages may have a script of one name. */
const nameIn = (name: string, folder: string | undefined): string =>
  plainName(folder === undefined || folder === "" ? name : `${name.slice(0, 60)} (${folder})`);

export const toConfiguration = (environment: Environment, found: Found): RunConfiguration => {
  const { needs = {}, folder, language, entryPoint, command, compile, port } = found;
  const wanted = { ...needs, languages: [...(language === undefined ? [] : [language]), ...(needs.languages ?? [])] };
  return {
    name: nameIn(found.name, folder),
    kind: found.kind,
    test: found.test ?? false,
    ...(command === undefined ? {} : { command: typeof command === "string" ? command : [...command] }),
    ...(language === undefined ? {} : { language }),
    ...(entryPoint === undefined ? {} : { entryPoint }),
    ...(compile === undefined ? {} : { compile }),
    args: found.args ?? [],
    env: found.env ?? {},
    ...(folder === undefined || folder === "" ? {} : { folder }),
    ...(port === undefined ? {} : { port }),
    inferred: true,
    source: found.source,
    ...resolveNeeds(environment, wanted),
  };
};

/** A word that bash takes as it is. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/u.test(word) && !word.startsWith("-") ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
