/** What Run does in a project with a build: inferred, shown in its menu, chosen, and said in atelier.json. */
import { describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { inspectWithAxe } from "../support/axe.ts";
import type { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { filesOfShape } from "../support/project-shapes.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage();
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true };

const shape = (id: string): Record<string, string> =>
  Object.fromEntries(filesOfShape(id).map(({ path, content }) => [path, content]));
const open = (files: Record<string, string>, file: string, options: Partial<WorkspaceOptions> = {}) =>
  openWorkspace(stage.browser, stage.server.origin, { files, query: `?file=${encodeURIComponent(file)}`, ...options });

const more = (page: Page) => page.getByRole("button", { name: "Choose what starts" });
const items = (page: Page) => page.getByRole("menu", { name: "Choose what starts" }).locator("[role^=menuitem]");
const namesIn = async (page: Page): Promise<string[]> =>
  (await items(page).allTextContents()).map((text) => text.trim());
const show = async (page: Page, name: string): Promise<void> => {
  const folder = process.env["SHOW_FOLDER"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
};
const openMenu = async (page: Page): Promise<void> => {
  await more(page).click({ timeout: 30_000 });
  await items(page).first().waitFor();
};
const ranWith = async (editor: EditorPage, text: string): Promise<void> => {
  await editor.outputContains(text);
  await editor.ended(/Finished/u);
};

describe("run configurations", { timeout: 120_000 }, () => {
  it("[RC4] Run does what the project's scripts say, and its menu has the rest", async () => {
    await using workspace = await open(shape("npm-scripts"), "src/add.js");
    const { editor } = workspace;
    const { page } = editor;
    await editor.editorReady();
    await eventually(
      async () => expect(await editor.runButton.getAttribute("title")).toMatch(/^Run npm start/u),
      30_000,
    );
    await editor.runButton.click();
    await ranWith(editor, "sum 42");
    expect(await page.locator(".output-entry").textContent()).toBe("npm start");
    await openMenu(page);
    expect(await namesIn(page)).toEqual([
      "npm start",
      "Run this filesrc/add.js",
      "npm test",
      "Arguments, variables and input",
      "Write an atelier.json",
    ]);
    await show(page, "menu");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await ranWith(editor, "pass 1");
    // A task is started once: what Run starts stays.
    expect(await editor.runButton.getAttribute("title")).toMatch(/^Run npm start/u);
    expect(editor.faults).toEqual([]);
  });

  it("a choice, arguments and input are kept for the user and the project", async () => {
    const files = {
      ...shape("atelier-file"),
      "other.py": "import sys\nprint('args', sys.argv[1:], flush=True)\nprint('read', sys.stdin.read())\n",
    };
    await using workspace = await open(files, "other.py");
    const { editor } = workspace;
    const { page } = editor;
    await editor.editorReady();
    await openMenu(page);
    await page.getByRole("menuitemradio", { name: "Run this file" }).click();
    await editor.outputContains("args []");
    // Its standard input is open: the program waits.
    await page.keyboard.press("Control+Shift+Enter");
    await editor.ended(/Stopped/u);
    expect(await editor.runButton.getAttribute("title")).toMatch(/^Run other\.py/u);
    await openMenu(page);
    await page.getByRole("menuitem", { name: "Arguments, variables and input" }).click();
    const dialog = page.getByRole("dialog", { name: "Arguments, variables and input" });
    await dialog.getByLabel("Arguments").fill("one 'two words");
    await dialog.getByRole("button", { name: "Run" }).click();
    expect(await dialog.getByRole("alert").textContent()).toBe("A quote is not closed.");
    await dialog.getByLabel("Arguments").fill("one 'two words'");
    await dialog.getByRole("radio", { name: "A file" }).check();
    await dialog.getByLabel("The file with the input").fill("data/notes.txt");
    await show(page, "options");
    await dialog.getByRole("button", { name: "Run" }).click();
    await ranWith(editor, "args ['one', 'two words']\nread all paid");
    await eventually(async () => {
      const kept = await page.evaluate(
        () => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/editor-state")).length,
      );
      expect(kept).toBeGreaterThan(1);
    }, 20_000);
    await page.reload();
    await editor.editorReady();
    await eventually(
      async () => expect(await editor.runButton.getAttribute("title")).toMatch(/^Run other\.py/u),
      30_000,
    );
    await editor.runButton.click();
    await ranWith(editor, "args ['one', 'two words']\nread all paid");
    expect(editor.faults).toEqual([]);
  });

  it("[RC2] what can't run says why, and the file can be run by itself", async () => {
    await using workspace = await open(
      { ...shape("npm-packages"), "server.js": "console.log('by itself')\n" },
      "server.js",
    );
    const { editor } = workspace;
    const { page } = editor;
    await editor.editorReady();
    await editor.runButton.click();
    const refused = page.getByRole("alert").filter({ hasText: "It did not start" });
    await refused.waitFor({ timeout: 30_000 });
    expect(await refused.textContent()).toContain("needs packages express; packages are not installed yet");
    await show(page, "refused");
    await refused.getByRole("button", { name: "Run server.js by itself" }).click();
    await ranWith(editor, "by itself");
  });

  it("[RC8] atelier.json is written from the menu, checked, and what it says is used at once", async () => {
    await using workspace = await open(shape("python-main"), "inventory/count.py");
    const { editor } = workspace;
    const { page } = editor;
    await editor.editorReady();
    await openMenu(page);
    await page.getByRole("menuitem", { name: "Write an atelier.json" }).click();
    await eventually(async () => expect(await editor.shownText()).toContain('"name": "python -m inventory"'), 20_000);
    await editor.replaceAll('{ "run": { "name": "Mine", "comand": "echo mine" } }');
    await page.locator(".squiggly-error").first().waitFor({ timeout: 30_000 });
    await show(page, "checked");
    await editor.replaceAll('{ "run": { "name": "Mine",  } }');
    for (let times = 0; times < 5; times += 1) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Control+Space");
    const suggestions = page.locator(".suggest-widget.visible .monaco-list-row");
    await suggestions.first().waitFor({ timeout: 20_000 });
    const offered = (await suggestions.allTextContents()).join(" ");
    expect(offered).toContain("command");
    expect(offered).toContain("args");
    await show(page, "completed");
    await page.keyboard.press("Escape");
    await editor.replaceAll('{ "run": { "name": "Mine", "command": "echo mine" } }');
    await eventually(async () => expect(await page.locator(".squiggly-error").count()).toBe(0), 20_000);
    await eventually(async () => expect(await editor.runButton.getAttribute("title")).toMatch(/^Run Mine/u), 30_000);
    await editor.runButton.click();
    await ranWith(editor, "mine");
    expect(editor.faults).toEqual([]);
  });

  it("a single program has no menu, until something is set for it", async () => {
    await using workspace = await open({ "main.py": "import sys\nprint('args', sys.argv[1:])\n" }, "main.py");
    const { editor } = workspace;
    const { page } = editor;
    await editor.editorReady();
    await editor.runButton.click();
    await ranWith(editor, "args []");
    expect(await more(page).count()).toBe(0);
    await page.keyboard.press("F1");
    await page.keyboard.type("Arguments, variables");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Arguments, variables and input" });
    await dialog.getByLabel("Arguments").fill("a");
    await dialog.getByRole("button", { name: "Run" }).click();
    await ranWith(editor, "args ['a']");
    await more(page).waitFor();
  });

  it("[W6] axe finds nothing in the menu and the dialog, in both themes and on a phone", async () => {
    const found: string[] = [];
    for (const device of [undefined, PHONE] as const) {
      await using workspace = await open(shape("make-three-targets"), "greet.c", device ?? {});
      const { editor } = workspace;
      const { page } = editor;
      await editor.editorReady();
      for (const colorScheme of ["light", "dark"] as const) {
        const name = `${device ? "phone" : "desktop"}-${colorScheme}`;
        await page.emulateMedia({ colorScheme });
        await openMenu(page);
        await show(page, `menu-${name}`);
        found.push(...(await inspectWithAxe(page, "everything")).violations);
        await page.getByRole("menuitem", { name: "Arguments, variables and input" }).click();
        const dialog = page.getByRole("dialog", { name: "Arguments, variables and input" });
        await dialog.getByRole("radio", { name: "A text" }).check();
        await show(page, `options-${name}`);
        found.push(...(await inspectWithAxe(page, "everything")).violations);
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "hidden" });
      }
    }
    expect(found).toEqual([]);
  });
});
