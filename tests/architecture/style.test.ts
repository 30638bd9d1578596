/** The house's limits hold in every file of ours; each limit is shown to catch a file that breaks it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sourceFiles } from "./source-files.ts";
import { lineCount, type SourceFile, styleRules } from "./style-rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const files: SourceFile[] = sourceFiles(root, ["packages", "scripts", "tests"]).map((path) => ({
  path,
  text: readFileSync(join(root, path), "utf8"),
}));

describe("every file", () => {
  test("there are files", () => expect(files.length).toBeGreaterThan(150));

  test.each(Object.entries(styleRules))("%s", (_name, rule) => {
    const broken = files.map((file) => [file.path, rule(file)]).filter(([, fault]) => fault !== undefined);
    expect(broken).toEqual([]);
  });
});

test("half of the files have at most 120 lines, nine of ten at most 350", () => {
  const sizes = files.map(({ text }) => lineCount(text)).toSorted((a, b) => a - b);
  const at = (share: number): number => sizes[Math.ceil(sizes.length * share) - 1] ?? Infinity;
  expect(at(0.5)).toBeLessThanOrEqual(120);
  expect(at(0.9)).toBeLessThanOrEqual(350);
});

describe("a planted file is caught", () => {
  const opening = "/** Planted. */\n";
  const planted: Readonly<Record<string, readonly SourceFile[]>> = {
    "at most 500 lines": [{ path: "packages/web/src/long.ts", text: opening.repeat(501) }],
    "kebab-case names": [{ path: "packages/web/src/camelCase.ts", text: opening }],
    "names that say something": [
      { path: "packages/web/src/utils/dates.ts", text: opening },
      { path: "packages/web/src/helpers.ts", text: opening },
    ],
    "no default export": [
      { path: "packages/web/src/page.tsx", text: `${opening}export default 1;\n` },
      { path: "packages/web/src/other.tsx", text: `${opening}const a = 1;\nexport { a as default };\n` },
    ],
    "opens with a sentence on its job": [{ path: "packages/web/src/mute.ts", text: "export const a = 1;\n" }],
    "only config.ts reads the environment": [
      { path: "packages/server/src/kernel/a.ts", text: `${opening}const a = process.env["A"];\n` },
      { path: "packages/server/src/kernel/b.ts", text: `${opening}const { env } = process;\n` },
      { path: "packages/server/src/kernel/c.ts", text: `${opening}const a = process["env"];\n` },
    ],
  };

  test.each(Object.entries(styleRules))("%s", (name, rule) => {
    expect(planted[name]?.length).toBeGreaterThan(0);
    for (const file of planted[name] ?? []) expect(rule(file), file.path).toBeDefined();
  });

  test("words in comments and strings are not code", () => {
    const text = `${opening}// process.env is read elsewhere\nconst a = "process.env";\n`;
    expect(
      styleRules["only config.ts reads the environment"]?.({ path: "packages/server/src/kernel/d.ts", text }),
    ).toBeUndefined();
  });
});
