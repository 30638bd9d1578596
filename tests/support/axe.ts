/** axe-core in the page under test: what it finds, short enough to be read in a failure. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

/** WCAG 2.2 AA and what axe calls best practice, or only what depends on colours: another theme changes nothing else. */
const SCOPES = {
  everything: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
  colours: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
} as const satisfies Record<string, RunOptions["runOnly"]>;
export type AxeScope = keyof typeof SCOPES;
const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export type AxeReport = {
  /** `rule: selector (why)`, one for each element. */
  readonly violations: readonly string[];
  /** How many elements some rule looked at and was content with. */
  readonly passes: number;
};

/** Looks at the whole page as it is now. Evaluated rather than added as a script, which the page's policy would refuse. */
export const inspectWithAxe = async (page: Page, scope: AxeScope = "everything"): Promise<AxeReport> => {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(await source);
  const results = await page.evaluate<AxeResults, RunOptions>(
    async (options) => {
      // Colours in the middle of a transition are nobody's.
      const passing = document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations === 1);
      await Promise.allSettled(passing.map(({ finished }) => finished));
      const { axe } = window as unknown as {
        axe: { run(context: Document, options: RunOptions): Promise<AxeResults> };
      };
      return axe.run(document, options);
    },
    { runOnly: SCOPES[scope], resultTypes: ["violations", "passes"] } as RunOptions,
  );
  return {
    passes: results.passes.reduce((sum, { nodes }) => sum + nodes.length, 0),
    violations: results.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} (${failureSummary ?? ""})`),
    ),
  };
};
