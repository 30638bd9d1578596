/** Reads `atelier.json`: configurations, and faults with their line. One faulty entry does not hide the others. */
import type { RunConfiguration } from "@atelier/contracts";
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { z } from "zod";
import { type AtelierConfiguration, AtelierConfigurationSchema } from "./atelier-schema.ts";
import { type Environment, languageWith, resolveNeeds } from "./environment.ts";
import { ATELIER_FILE, type ProjectView } from "./project-view.ts";
import { isTooNested, MAX_MANIFEST_BYTES } from "./readers/limits.ts";
import { programsOf } from "./shell-words.ts";

/** Line and column count from 1. `at`: which value, as in `run[0].args`; "" is the file. */
export type AtelierFault = {
  readonly at: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

export type AtelierFile = {
  readonly configurations: readonly RunConfiguration[];
  readonly faults: readonly AtelierFault[];
  /** Whether inferred configurations are offered too. */
  readonly infer: boolean;
};

const KEYS = ["run", "test", "tasks"] as const;
type Key = (typeof KEYS)[number];
const TITLES: Readonly<Record<Key, string>> = { run: "Run", test: "Test", tasks: "Task" };
const MAX_FAULTS = 20;
const MAX_ENTRIES = 50;

const PARSE_FAULTS: Readonly<Record<string, string>> = {
  CommaExpected: "A comma is missing here.",
  ColonExpected: "A colon is missing here.",
  CloseBraceExpected: "A closing brace is missing.",
  CloseBracketExpected: "A closing bracket is missing.",
  PropertyNameExpected: "A name in quotes is missing here.",
  ValueExpected: "A value is missing here.",
  EndOfFileExpected: "The file goes on after its end.",
  UnexpectedEndOfString: "A string has no closing quote.",
  UnexpectedEndOfComment: "A comment has no end.",
  InvalidEscapeCharacter: "This escape is not one of JSON.",
};

type Path = readonly (string | number)[];
const sayPath = (path: Path): string =>
  path.map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`)).join("");

const positionOf = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
};

/** The value's own offset, or that of the nearest value around it. */
const offsetOf = (root: Node, path: Path): number => {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return node.offset;
  }
  return root.offset;
};

const issuesOf = (issue: z.core.$ZodIssue, base: Path): { path: Path; message: string }[] => {
  const path = [...base, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  return issue.keys
    .slice(0, MAX_FAULTS)
    .map((key) => ({ path: [...path, key], message: `There is no setting "${key.slice(0, 60)}".` }));
};

type Context = { readonly view: ProjectView; readonly environment: Environment };

const missingFile = ({ entryPoint, stdin }: AtelierConfiguration, view: ProjectView): string | undefined => {
  const named = [entryPoint, typeof stdin === "object" ? stdin.file : undefined];
  const missing = named.find((path) => path !== undefined && !view.has(path));
  return missing === undefined ? undefined : `there is no file "${missing}"`;
};

const languagesOf = (given: AtelierConfiguration, environment: Environment): string[] => {
  if (given.language !== undefined) return [given.language, ...(given.languages ?? [])];
  if (given.languages !== undefined) return given.languages;
  const lines = [given.command, given.compile].flatMap((line) =>
    line === undefined ? [] : typeof line === "string" ? programsOf(line) : line.slice(0, 1),
  );
  return [...new Set(lines.flatMap((program) => languageWith(environment, program) ?? []))];
};

const toConfiguration = (
  given: AtelierConfiguration,
  { key, name, view, environment }: Context & { readonly key: Key; readonly name: string },
): RunConfiguration => {
  const { name: _name, args = [], env = {}, languages: _languages, ...rest } = given;
  const missing = missingFile(given, view);
  const needs = resolveNeeds(environment, { languages: languagesOf(given, environment) });
  const unavailable = missing ?? needs.unavailable;
  const plain = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...plain,
    name,
    kind: key === "run" ? "run" : "task",
    test: key === "test",
    args,
    env: { ...env },
    inferred: false,
    source: ATELIER_FILE,
    languages: needs.languages,
    ...(unavailable === undefined ? {} : { unavailable }),
  };
};

/** What stands for an entry that can't be read: its fault is what the menu shows. */
const faultyConfiguration = (key: Key | undefined, name: string, fault: AtelierFault): RunConfiguration => ({
  name,
  kind: key === "run" || key === undefined ? "run" : "task",
  test: key === "test",
  args: [],
  env: {},
  inferred: false,
  source: ATELIER_FILE,
  languages: [],
  unavailable: `${ATELIER_FILE}, line ${fault.line}: ${fault.message}`,
});

/** What stands for a file that is not read, because of its size. */
export const unreadAtelierFile = (): AtelierFile => {
  const message = `The file is larger than ${MAX_MANIFEST_BYTES / 1024} KiB.`;
  const fault = { at: "", line: 1, column: 1, message };
  return { configurations: [faultyConfiguration(undefined, ATELIER_FILE, fault)], faults: [fault], infer: true };
};

type Entry = { readonly key: Key; readonly path: Path; readonly value: unknown };

const entriesOf = (value: object): Entry[] =>
  KEYS.flatMap((key): Entry[] => {
    const given = (value as Record<string, unknown>)[key];
    if (given === undefined) return [];
    if (!Array.isArray(given)) return [{ key, path: [key], value: given }];
    return given.map((item: unknown, at) => ({ key, path: [key, at], value: item }));
  });

const valueOf = (node: Node): unknown => {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type !== "object") return node.value as unknown;
  // Not `{}`: a key `__proto__` is a key.
  return Object.assign(
    Object.create(null) as object,
    Object.fromEntries(
      (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
        key && value ? [[key.value, valueOf(value)]] : [],
      ),
    ),
  );
};

/** Reads the text of an `atelier.json`. @param context what its entries are checked against */
export const readAtelierFile = (text: string, context: Context): AtelierFile => {
  const faults: AtelierFault[] = [];
  const configurations: RunConfiguration[] = [];
  const note = (at: string, offset: number, message: string): AtelierFault => {
    const fault = { at, ...positionOf(text, offset), message };
    if (faults.length < MAX_FAULTS) faults.push(fault);
    return fault;
  };
  const whole = (offset: number, message: string): AtelierFile => {
    const fault = note("", offset, message);
    return { configurations: [faultyConfiguration(undefined, ATELIER_FILE, fault)], faults, infer: true };
  };
  if (isTooNested(text)) return whole(0, "Its values are nested too deep.");
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const code = printParseErrorCode(error.error);
    return whole(error.offset, PARSE_FAULTS[code] ?? "This is not JSON.");
  }
  if (root?.type !== "object") return whole(root?.offset ?? 0, "The file is an object: { … }.");
  const value = valueOf(root) as Record<string, unknown>;

  const unknown = Object.keys(value).filter((key) => ![...KEYS, "infer", "$schema"].includes(key));
  const strange = unknown.slice(0, MAX_FAULTS).map((key) => {
    const offset = findNodeAtLocation(root, [key])?.offset ?? 0;
    return note(key.slice(0, 60), offset, `There is no setting "${key.slice(0, 60)}".`);
  });
  for (const fault of strange.slice(0, 1)) configurations.push(faultyConfiguration(undefined, ATELIER_FILE, fault));
  const { infer = true } = value;
  if (typeof infer !== "boolean") note("infer", offsetOf(root, ["infer"]), "This is true or false.");

  const names = new Set<string>(configurations.map(({ name }) => name));
  const unique = (wanted: string): string => {
    let name = wanted;
    for (let number = 2; names.has(name); number += 1) name = `${wanted.slice(0, 90)} ${number}`;
    names.add(name);
    return name;
  };
  for (const { key, path, value: given } of entriesOf(value).slice(0, MAX_ENTRIES)) {
    const parsed = AtelierConfigurationSchema.safeParse(given);
    if (parsed.success) {
      const { name: own } = parsed.data;
      if (own !== undefined && names.has(own)) {
        const fault = note(
          sayPath([...path, "name"]),
          offsetOf(root, [...path, "name"]),
          `The name "${own}" is given twice.`,
        );
        configurations.push(faultyConfiguration(key, unique(own), fault));
      } else {
        const name = unique(own ?? TITLES[key]);
        configurations.push(toConfiguration(parsed.data, { ...context, key, name }));
      }
      continue;
    }
    const found = parsed.error.issues
      .flatMap((issue) => issuesOf(issue, path))
      .slice(0, MAX_FAULTS)
      .map((issue) => note(sayPath(issue.path), offsetOf(root, issue.path), issue.message));
    const [first] = found;
    if (first !== undefined) configurations.push(faultyConfiguration(key, unique(sayPath(path)), first));
  }
  return { configurations, faults, infer: infer !== false };
};
