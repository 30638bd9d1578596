/** A program that prints without end: the page stays responsive, and Stop stops the program. */
import { describe, expect, it } from "vitest";
import { setStage } from "../support/stage.ts";
import { openWorkspace } from "../support/workspace.ts";

const stage = setStage();
const PRINTED_MS = 4000;
/** The page's budget is 200 ms and 1 s on an idle machine; tests share theirs. Without limits on the received output, one task would last as long as the printing. */
const LONGEST_TASK_MS = 2000;
const STOPPED_MS = 5000;

describe("endless output", () => {
  it("leaves the page its time, and is stopped by Stop", { timeout: 90_000 }, async () => {
    const files = { "main.py": "while True: print('y' * 50)\n" };
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await page.evaluate(() => {
      const tasks: number[] = [];
      Object.assign(globalThis, { tasks });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(duration);
      }).observe({ entryTypes: ["longtask"] });
    });
    await ada.editor.run();
    await ada.editor.outputContains("yyyy");
    await page.locator("#slot-output .xterm-rows").waitFor();
    await page.evaluate(() => ((globalThis as unknown as { tasks: number[] }).tasks.length = 0));
    await page.waitForTimeout(PRINTED_MS);
    const stoppedMs = await page.evaluate(async () => {
      const begun = performance.now();
      document.querySelector<HTMLElement>(".button-stop")?.click();
      while (!document.querySelector(".exit-line")) await new Promise((resolve) => setTimeout(resolve, 10));
      return performance.now() - begun;
    });
    const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks);
    expect(await page.locator(".exit-line").textContent()).toMatch(/^Stopped after/u);
    expect(Math.max(0, ...tasks)).toBeLessThan(LONGEST_TASK_MS);
    expect(stoppedMs).toBeLessThan(STOPPED_MS);
    expect(ada.editor.faults).toEqual([]);
  });
});
