/** Previews in a browser: a page beside the editor, on another origin, that follows what is typed and can do nothing to the editor. */
import type { FrameLocator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { inspectWithAxe } from "../support/axe.ts";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, PIXEL, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage();
const PAGE = `<!doctype html>
<html lang="en"><title>Shop</title>
<link rel="stylesheet" href="style.css">
<h1>Shop</h1><img alt="dot" src="dot.png"><a href="docs/more.html">more</a>
<script src="app.js"></script></html>`;
const FILES = {
  "index.html": PAGE,
  "style.css": "h1 { color: rgb(1, 2, 3) }",
  "app.js":
    "console.log('started', { a: [1, 2] });\nfunction fail() {\n  throw new Error('planted');\n}\nsetTimeout(fail, 10);\n",
  "docs/more.html": "<!doctype html><title>More</title><h1>More</h1>",
  "dot.png": PIXEL,
  "notes.md": "# Notes\n\n[page](docs/more.html) <b>not bold</b>\n\n![dot](dot.png)\n",
};

const workspace = (options: Partial<WorkspaceOptions> = {}) =>
  openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=index.html", ...options });

const preview = (page: Page): FrameLocator => page.frameLocator('iframe[title="Preview"]');
const messages = (page: Page): Promise<string> =>
  page.getByRole("log", { name: "Messages of the preview" }).innerText();

describe("the preview", () => {
  it(
    "[PV11] opens by Run beside the editor, follows what is typed, and shows its console with links",
    { timeout: 120_000 },
    async () => {
      await using space = await workspace();
      const { editor } = space;
      const { page } = editor;
      await editor.editorReady();
      await editor.run();
      await preview(page).getByRole("heading", { name: "Shop" }).waitFor({ timeout: 30_000 });
      expect(
        await preview(page)
          .getByRole("img", { name: "dot" })
          .evaluate((image: HTMLImageElement) => image.naturalWidth),
      ).toBe(1);
      await eventually(async () => expect(await messages(page)).toContain("started {a: [1, 2]}"), 15_000);
      await eventually(async () => expect(await messages(page)).toContain("planted"), 15_000);
      if (process.env["SHOW"] !== undefined) await page.screenshot({ path: process.env["SHOW"] });

      await page.getByRole("button", { name: "app.js:3" }).click();
      await eventually(async () => expect(await editor.shownText()).toContain("throw new Error"), 15_000);
      await editor.replaceAll("document.querySelector('h1').textContent = 'Typed';\n");
      await preview(page).getByRole("heading", { name: "Typed" }).waitFor({ timeout: 30_000 });

      // A style sheet is loaded again without the page.
      await preview(page)
        .locator("h1")
        .evaluate((heading) => heading.setAttribute("data-kept", "yes"));
      await page.getByRole("treeitem", { name: "style.css" }).click();
      await eventually(async () => expect(await editor.shownText()).toContain("rgb(1, 2, 3)"), 15_000);
      await editor.replaceAll("h1 { color: rgb(4, 5, 6) }");
      await eventually(
        async () =>
          expect(
            await preview(page)
              .locator("h1")
              .evaluate((heading) => getComputedStyle(heading).color + heading.dataset["kept"]),
          ).toBe("rgb(4, 5, 6)yes"),
        30_000,
      );

      await preview(page).getByRole("link", { name: "more" }).click();
      const address = page.getByRole("textbox", { name: "Address in the preview" });
      await eventually(async () => expect(await address.inputValue()).toBe("/docs/more.html"), 15_000);
      await address.fill("/notes.md");
      await address.press("Enter");
      await preview(page).getByRole("heading", { name: "Notes" }).waitFor({ timeout: 15_000 });
      expect(await preview(page).locator("main").innerText()).toContain("<b>not bold</b>");
      await page.getByRole("button", { name: "Reload the preview" }).click();
      await preview(page).getByRole("heading", { name: "Notes" }).waitFor({ timeout: 15_000 });
      expect(editor.faults.filter((fault) => !/planted/u.test(fault))).toEqual([]);
    },
  );

  it("[PV12] can't reach the editor, its cookies, its API and its sockets", { timeout: 90_000 }, async () => {
    const hostile = `<!doctype html><script>
const own = parent.location;
const said = [];
const attempt = async (name, act) => { try { said.push(name + ': ' + (await act())); } catch (error) { said.push(name + ': refused'); } };
(async () => {
  const app = new URLSearchParams(location.search).get('app');
  await attempt('document', () => parent.document.title);
  await attempt('address', () => own.href);
  await attempt('cookie', () => { document.cookie = 'atelier-refresh=planted; domain=localhost'; return document.cookie || 'none'; });
  await attempt('api', async () => (await fetch(app + '/api/auth/refresh', { method: 'POST', credentials: 'include' })).status);
  await attempt('read', async () => (await fetch(app + '/api/openapi.json')).status);
  await attempt('own api', async () => (await fetch('/api/openapi.json', { headers: { 'x-forwarded-host': 'localhost' } })).status);
  await attempt('worker', async () => { await navigator.serviceWorker.register('/sw.js'); return 'registered'; });
  await attempt('top', () => { top.location.href = 'about:blank'; return 'moved'; });
  await attempt('frame', async () => { const frame = document.createElement('iframe'); frame.src = app; document.body.append(frame); await new Promise((done) => { frame.onload = done; }); return frame.contentDocument ? 'shown' : 'blocked'; });
  document.body.append(Object.assign(document.createElement('pre'), { textContent: said.join('\\n') }));
})();
</script><body>`;
    await using space = await workspace({ files: { "index.html": hostile, "sw.js": "1" } });
    const { page } = space.editor;
    await space.editor.editorReady();
    await space.editor.run();
    const address = page.getByRole("textbox", { name: "Address in the preview" });
    await address.fill(`/index.html?app=${encodeURIComponent(stage.server.origin)}`);
    await address.press("Enter");
    const said = await preview(page).locator("pre").innerText({ timeout: 30_000 });
    expect(said.split("\n")).toEqual([
      "document: refused",
      "address: refused",
      "cookie: none",
      "api: refused",
      "read: refused",
      "own api: 404",
      "worker: refused",
      "top: refused",
      "frame: blocked",
    ]);
    expect(await page.title()).toContain("index.html");
    const names = (await page.context().cookies(stage.server.origin)).map(
      ({ name, value }) => `${name} ${value === "planted"}`,
    );
    expect(names).toEqual(["atelier-refresh false"]);
  });

  it(
    "[PV13] has names for its controls in both themes, works by keyboard and on a phone",
    { timeout: 90_000 },
    async () => {
      await using space = await workspace();
      const { page } = space.editor;
      await space.editor.editorReady();
      await page.locator("#editor .view-lines").click();
      await page.keyboard.press("Control+Enter");
      await preview(page).getByRole("heading", { name: "Shop" }).waitFor({ timeout: 30_000 });
      await eventually(async () => expect(await messages(page)).toContain("planted"), 15_000);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations, passes } = await inspectWithAxe(page, colorScheme === "light" ? "everything" : "colours");
        expect(passes).toBeGreaterThan(4);
        expect(violations).toEqual([]);
        if (process.env["SHOW"] !== undefined)
          await page.screenshot({ path: `${process.env["SHOW"]}-${colorScheme}.png` });
      }
      await page.getByRole("tab", { name: "Preview" }).press("ArrowLeft");
      await page.getByRole("tab", { name: "Output", selected: true }).waitFor();

      const viewport = { width: 390, height: 844 };
      await using phone = await workspace({
        viewport,
        hasTouch: true,
        isMobile: true,
        files: { "notes.md": FILES["notes.md"] },
        query: "?file=notes.md",
      });
      await phone.editor.editorReady();
      await phone.editor.run();
      await preview(phone.editor.page).getByRole("heading", { name: "Notes" }).waitFor({ timeout: 30_000 });
      if (process.env["SHOW"] !== undefined)
        await phone.editor.page.screenshot({ path: `${process.env["SHOW"]}-phone.png` });
      const width = await phone.editor.page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(viewport.width);
    },
  );
});
