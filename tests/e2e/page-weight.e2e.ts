/** W2: the bytes that a browser loads until the page accepts keys, and until Monaco is shown. */
import { expect, it } from "vitest";
import { EditorPage } from "../support/editor-page.ts";
import { setStage } from "../support/stage.ts";

const stage = setStage();

it("[W2] the page accepts keys after one script of at most 110 kB, and shows Monaco after 950 kB and 8 requests", async () => {
  await using visitor = await EditorPage.open(stage.browser, stage.server.origin, { profile: "new" });
  const { page } = visitor;
  await page.waitForFunction(() => performance.getEntriesByName("atelier:monaco-ready").length > 0);
  const loaded = await page.evaluate(() => {
    const at = (mark: string): number => performance.getEntriesByName(mark)[0]?.startTime ?? NaN;
    const resources = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const before = (mark: string) =>
      resources
        .filter(({ startTime }) => startTime < at(mark))
        .map(({ name, encodedBodySize }) => ({ name, bytes: encodedBodySize }));
    return { forKeys: before("atelier:keys-taken"), forMonaco: before("atelier:monaco-ready") };
  });
  const scripts = (of: typeof loaded.forKeys) => of.filter(({ name }) => name.endsWith(".js"));
  const bytesOf = (of: typeof loaded.forKeys): number => scripts(of).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(scripts(loaded.forKeys)).toHaveLength(1);
  expect(bytesOf(loaded.forKeys)).toBeGreaterThan(10_000);
  expect(bytesOf(loaded.forKeys)).toBeLessThanOrEqual(110_000);
  expect(scripts(loaded.forMonaco).length).toBeGreaterThan(1);
  expect(bytesOf(loaded.forMonaco)).toBeLessThanOrEqual(950_000);
  // The page itself is one more.
  expect(loaded.forMonaco.length + 1).toBeLessThanOrEqual(8);
});
