/** The rail of side views and the tabs of the panel, in a real page: both appear with the second view of their container. */
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { build } from "vite";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inspectWithAxe } from "../support/axe.ts";
import { eventually } from "../support/eventually.ts";
import { setBrowser } from "../support/stage.ts";

type Container = "side" | "panel";
/** Of `mount-views.testing.tsx`. */
declare const views: { mountViews(): (container: Container) => () => void };
declare const mounted: { add: (container: Container) => () => void; remove: () => void };

const stage = setBrowser();
let page: Page;
let code: string;
let styles: string;

beforeAll(async () => {
  const entry = fileURLToPath(new URL("../../packages/web/src/app/views/mount-views.testing.tsx", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "views" } },
  });
  const [result] = Array.isArray(built) ? built : [built];
  const output = result && "output" in result ? result.output : [];
  code = output.flatMap((part) => (part.type === "chunk" ? [part.code] : [])).join("");
  styles = output
    .flatMap((part) => (part.type === "asset" && part.fileName.endsWith(".css") ? [String(part.source)] : []))
    .join("");
  if (code === "" || styles === "") throw new Error("nothing was built");
}, 90_000);
beforeEach(async () => {
  page = await stage.browser.newPage();
  await page.setContent('<!doctype html><html lang="en"><head><title>views</title></head><body></body></html>');
  await page.addStyleTag({ content: styles });
  await page.addScriptTag({ content: code });
  await page.evaluate(() => Object.assign(globalThis, { mounted: { add: views.mountViews() } }));
  await page.getByText("main.py").waitFor();
});
afterEach(() => page.close());

const add = (container: Container): Promise<void> =>
  page.evaluate((to) => {
    mounted.remove = mounted.add(to);
  }, container);
const tabsOf = (list: Locator): Promise<string[]> =>
  list.getByRole("tab").evaluateAll((tabs) =>
    tabs.map((tab) => {
      const signs = [
        tab.ariaSelected === "true" ? "selected" : "",
        tab === document.activeElement ? "focused" : "",
        (tab as HTMLElement).tabIndex === 0 ? "in the tab order" : "",
      ];
      return [tab.ariaLabel ?? tab.textContent, ...signs.filter((sign) => sign !== "")].join(", ");
    }),
  );
const MARKS = "selected, focused, in the tab order";

describe("the views of the page's frame", () => {
  it.each([
    {
      container: "side",
      name: "Side views",
      keys: ["ArrowDown", "ArrowUp"],
      titles: ["Files", "Search"],
      texts: ["main.py", "Search in all files"],
    },
    {
      container: "panel",
      name: "Panel views",
      keys: ["ArrowRight", "ArrowLeft"],
      titles: ["Output", "Problems"],
      texts: ["Hello", "No problems"],
    },
  ] as const)("of the $container have tabs from the second one on, which arrow keys move through", async (given) => {
    const { container, name, keys, titles, texts } = given;
    const [next, previous] = keys;
    const [first, second] = titles;
    const list = page.getByRole("tablist", { name });
    expect(await page.getByRole("tablist").count()).toBe(0);
    await page.getByText(texts[0]).waitFor();

    await add(container);
    await list.waitFor();
    expect(await page.getByRole("tablist").count()).toBe(1);
    expect(await tabsOf(list)).toEqual([`${first}, selected, in the tab order`, second]);
    expect((await inspectWithAxe(page)).violations).toEqual([]);

    await list.getByRole("tab", { name: first }).focus();
    await page.keyboard.press(next);
    await page.getByText(texts[1]).waitFor();
    expect(await page.getByText(texts[0]).count()).toBe(0);
    expect(await tabsOf(list)).toEqual([first, `${second}, ${MARKS}`]);
    // After the last one comes the first one, in both directions; Home and End go to the ends.
    await page.keyboard.press(next);
    expect(await tabsOf(list)).toEqual([`${first}, ${MARKS}`, second]);
    await page.keyboard.press(previous);
    expect(await tabsOf(list)).toEqual([first, `${second}, ${MARKS}`]);
    await page.keyboard.press("Home");
    expect(await tabsOf(list)).toEqual([`${first}, ${MARKS}`, second]);
    await page.keyboard.press("End");
    expect(await tabsOf(list)).toEqual([first, `${second}, ${MARKS}`]);
    // Keys across the list are left to others.
    await page.keyboard.press(container === "side" ? "ArrowLeft" : "ArrowUp");
    expect(await tabsOf(list)).toEqual([first, `${second}, ${MARKS}`]);
    await list.getByRole("tab", { name: first }).click();
    await page.getByText(texts[0]).waitFor();
    await list.getByRole("tab", { name: second }).click();

    await page.evaluate(() => mounted.remove());
    await page.getByText(texts[0]).waitFor();
    expect(await page.getByRole("tablist").count()).toBe(0);
  });

  it("have a rail beside the view and not over it, in both themes", async () => {
    await add("side");
    await add("panel");
    const rail = page.getByRole("tablist", { name: "Side views" });
    await rail.waitFor();
    const boxes = await Promise.all([rail.boundingBox(), page.getByText("main.py").boundingBox()]);
    const [railBox, viewBox] = boxes;
    expect((railBox?.x ?? 0) + (railBox?.width ?? 0)).toBeLessThanOrEqual((viewBox?.x ?? 0) + 1);
    for (const theme of ["light", "dark"] as const) {
      await page.evaluate((name) => {
        document.documentElement.dataset["theme"] = name;
      }, theme);
      await eventually(async () => expect((await inspectWithAxe(page, "colours")).violations).toEqual([]));
    }
  });
});
