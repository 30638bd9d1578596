/** The console's text for a run that starts, waits, is being stopped, and cannot start. */
import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage();
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true };
const ASKS = "import os\nprint(*os.get_terminal_size(), flush=True)\ninput('Who? ')\n";

const workspace = async (options: Partial<WorkspaceOptions> = {}) => {
  const files = { "main.py": ASKS };
  const opened = await openWorkspace(stage.browser, stage.server.origin, { files, query: "?file=main.py", ...options });
  await opened.editor.editorReady();
  await opened.editor.saved();
  return opened;
};

/** How much of the state's words does not fit, in pixels. */
const hiddenPx = (page: Page): Promise<number> =>
  page.locator(".run-words").evaluate((words) => {
    const header = words.closest(".output-header");
    const within = words.getBoundingClientRect();
    const around = (header ?? words).getBoundingClientRect();
    return Math.max(
      words.scrollWidth - words.clientWidth,
      words.scrollHeight - words.clientHeight,
      around.top - within.top,
      within.bottom - around.bottom,
      (header?.scrollWidth ?? 0) - (header?.clientWidth ?? 0),
    );
  });

/** The contrast of an element's text, opacity included, as WCAG counts it. */
const contrastOf = (control: Locator): Promise<number> =>
  control.evaluate((element) => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    const { color, backgroundColor, opacity } = getComputedStyle(element);
    const drawn = (...layers: readonly (readonly [color: string, alpha: number])[]): number => {
      for (const [fill, alpha] of layers) {
        context.globalAlpha = alpha;
        context.fillStyle = fill;
        context.fillRect(0, 0, 1, 1);
      }
      const [red = 0, green = 0, blue = 0] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
        const share = byte / 255;
        return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const back = drawn([getComputedStyle(document.body).backgroundColor, 1], [backgroundColor, Number(opacity)]);
    const text = drawn([color, Number(opacity)]);
    return (Math.max(back, text) + 0.05) / (Math.min(back, text) + 0.05);
  });

describe("the console's states", () => {
  it.each([
    ["desktop", {}],
    ["phone", PHONE],
  ] as const)("on a %s", { timeout: 90_000 }, async (name, options) => {
    await using ada = await workspace({ ...options, colorScheme: "light" });
    const { page } = ada.editor;
    await ada.editor.run();
    await eventually(async () =>
      expect(await page.locator(".run-state").textContent()).toContain("Waiting for input · idle limit 10 min"),
    );
    await ada.editor.outputContains("Who?");
    const told = /^(\d+) (\d+)/u.exec(await ada.editor.output());
    const rows = await page.locator("#slot-output .xterm-rows > div").count();
    expect(Number(told?.[2])).toBe(rows);
    expect(Number(told?.[1])).not.toBe(80);
    // Wherever the keyboard is.
    if (name === "desktop") {
      await page.locator("#editor .view-lines").click();
      await page.getByText("to answer").waitFor();
    }
    const folder = process.env["SHOW"];
    if (folder !== undefined) await page.screenshot({ path: `${folder}/waits-${name}.png` });
    expect(await hiddenPx(page)).toBeLessThanOrEqual(0);

    const held = Promise.withResolvers<void>();
    await page.route("**/api/executions/*", async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    const stopping = page.getByRole("button", { name: "Stopping" });
    await stopping.waitFor();
    if (folder !== undefined) await page.screenshot({ path: `${folder}/stopping-${name}.png` });
    expect(await contrastOf(stopping)).toBeGreaterThan(4.5);
    held.resolve();
    await ada.editor.ended(/^Stopped after/u);
    expect(ada.editor.faults).toEqual([]);
  });

  it("shows that a run did not start without a connection, and reports no error", { timeout: 60_000 }, async () => {
    await using ada = await workspace();
    const { page } = ada.editor;
    await page.context().setOffline(true);
    await ada.editor.run();
    await page.getByText("It did not start").waitFor();
    // Other parts that were still loading may report theirs.
    expect(ada.editor.faults.filter((fault) => /preload|terminal/iu.test(fault))).toEqual([]);
  });
});
