/** The limits on single files: size, name, first line, default exports, reading the environment. */

export type SourceFile = { readonly path: string; readonly text: string };

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const vague = /^(utils?|helpers?|common|misc|shared|impl)$/;
const migration = /\/migrations\/\d+[-_][a-z0-9_-]+\.sql$/;
const testFile = /\.(test|contract|testing|e2e)\.tsx?$|\/test-[a-z-]+\.tsx?$|-fixture\.tsx?$|\/contract\//;

/** Code without comments and without the contents of ordinary strings, so that words in them do not count. */
const codeOf = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.|\$\{[^{}]*\})*`/g, '""');

const readsEnvironment = (text: string): boolean => {
  const code = codeOf(text);
  return /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/.test(code);
};

export const lineCount = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0);

/** Each rule returns what is wrong with one file, or undefined. */
export const styleRules: Readonly<Record<string, (file: SourceFile) => string | undefined>> = {
  "at most 500 lines": ({ text }) => (lineCount(text) > 500 ? `${lineCount(text)} lines` : undefined),
  "kebab-case names": ({ path }) => {
    if (migration.test(path)) return undefined;
    return path.split("/").every((part) => kebab.test(part)) ? undefined : "not kebab-case";
  },
  "names that say something": ({ path }) =>
    path.split("/").some((part) => vague.test(part.split(".")[0] ?? ""))
      ? "says nothing about what is inside"
      : undefined,
  "no default export": ({ path, text }) => {
    if (path.endsWith(".config.ts") || !/\.(tsx?|mjs)$/.test(path)) return undefined;
    return /^export\s+default\b|\bas\s+default\b/m.test(codeOf(text)) ? "default export" : undefined;
  },
  "opens with a sentence on its job": ({ path, text }) => {
    if (!/\.(tsx?|mjs|c)$/.test(path) || testFile.test(path)) return undefined;
    return /^(#!.*\n)?(\/\*|\/\/)/.test(text) ? undefined : "no opening comment";
  },
  "only config.ts reads the environment": ({ path, text }) => {
    if (!path.startsWith("packages/") || path === "packages/server/src/config.ts" || testFile.test(path))
      return undefined;
    return readsEnvironment(text) ? "reads process.env" : undefined;
  },
};
