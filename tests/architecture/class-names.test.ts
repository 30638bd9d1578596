/** The page's and Monaco's style sheets share one page: a class name that both use would apply our rules to Monaco's elements. */
import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The classes of rules in style sheets. */
const classesIn = (sheets: readonly string[]): Set<string> => {
  const selectors = sheets.flatMap((sheet) => {
    const rules = sheet.replaceAll(/\/\*[\s\S]*?\*\//gu, "").matchAll(/([^{}]+)\{/gu);
    return [...rules].map(([, selector = ""]) => selector);
  });
  const names = selectors.flatMap((selector) => [...selector.matchAll(/\.([A-Za-z_][\w-]*)/gu)]);
  return new Set(names.map(([, name = ""]) => name));
};
const read = (pattern: string): string[] => globSync(pattern).map((file) => readFileSync(file, "utf8"));

/** Class names that both use, and whose effect was checked. */
const KNOWN = new Set([
  // Intended: we restyle Monaco's.
  "action-item",
  "action-label",
  "action-menu-item",
  "context-view",
  "delete-sign",
  "findOptionsWidget",
  "find-widget",
  "focused",
  "insert-sign",
  "keybinding",
  "monaco-action-bar",
  "monaco-component",
  "monaco-diff-editor",
  "monaco-editor",
  "monaco-menu",
  "vertical",
  // Undone inside the find widget, in pane.css.
  "button",
  // Monaco's rules are more specific.
  "input",
  // Our rules apply only below `.shell > .bottom` and as children of a pane or of the groups' line, where Monaco's menus are not.
  "bottom",
  "separator",
  // Monaco uses these in parts that the page does not show, or never inside ours.
  "editor",
  "file-icon",
  "line-numbers",
  "visually-hidden",
]);

it("our class names and Monaco's meet only where that is known", () => {
  const ours = classesIn(read("packages/web/src/**/*.css"));
  const theirs = classesIn(read("node_modules/monaco-editor/esm/vs/**/*.css"));
  expect(ours.size).toBeGreaterThan(100);
  expect(theirs.size).toBeGreaterThan(500);
  expect([...ours].filter((name) => theirs.has(name) && !KNOWN.has(name))).toEqual([]);
});

it("[planted fault] a class that both use is found", () => {
  expect(classesIn(["a { b: c } /* .not-this { */ .empty > p, x .y-z:hover { d: e }"])).toEqual(
    new Set(["empty", "y-z"]),
  );
});
