/** Files in the page: the tree by mouse and by keyboard, tabs, deep links, and changes of other users to an open file. */
import type { Entry } from "@atelier/contracts";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, PIXEL, type WorkspaceOptions } from "../support/workspace.ts";

const LONG = Array.from({ length: 9000 }, (_, n) => `line_${n + 1} = "${"x".repeat(40)}"`).join("\n");

const stage = setStage();

const workspace = async (files: WorkspaceOptions["files"], options: Partial<WorkspaceOptions> = {}) => {
  const opened = await openWorkspace(stage.browser, stage.server.origin, { files, ...options });
  await opened.editor.page.getByRole("tree").waitFor();
  return opened;
};

const rowIn = (page: Page) => (name: string) => page.getByRole("treeitem", { name, exact: true });
/** The accessible name of what has the keyboard. */
const focusedName = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
const tabNames = (page: Page): Promise<string[]> => page.getByRole("tab").locator(".tab-name").allTextContents();
const shownRows = (page: Page): Promise<(string | null)[]> =>
  page.getByRole("treeitem").evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label")));

/** Announces 9,999 files to the page that the server does not have: creating them would take a minute. */
const addToTree = async (page: Page, path: (n: number) => string): Promise<void> => {
  const withMore = (body: string): string =>
    body.replace(/"entries":(\[.*?\])/su, (_, list: string) => {
      const entries = JSON.parse(list) as Entry[];
      const model = entries.find(({ kind }) => kind === "file");
      const more = Array.from({ length: 9_999 }, (__, n) => ({ ...model, id: `more-${n + 1}`, path: path(n + 1) }));
      return `"entries":${JSON.stringify([...entries, ...more])}`;
    });
  for (const address of [/\/p\/[^/]+$/u, /\/tree$/u]) {
    await page.route(address, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: withMore(await response.text()) });
    });
  }
};

describe("the tree", () => {
  it("creates, renames, moves and deletes by keyboard alone; Ctrl+Z undoes a deletion", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "lib/": "", "b.py": "b = 1\n", "c.py": "c = 1\n" });
    const { page } = ada.editor;
    const row = rowIn(page);

    await row("lib").press("Shift+F10");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.type("deep.py");
    await page.keyboard.press("Enter");
    await eventually(async () => expect(await ada.paths()).toContain("lib/deep.py"));
    expect(await row("deep.py").getAttribute("aria-level")).toBe("2");
    expect(await tabNames(page)).toContain("deep.py");

    await row("b.py").press("F2");
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("renamed.py");
    await page.keyboard.press("Enter");
    await eventually(async () => expect(await ada.paths()).toContain("renamed.py"));
    await eventually(async () => expect(await focusedName(page)).toBe("renamed.py"));

    await page.keyboard.press("Shift+F10");
    await page.getByRole("menuitem", { name: "lib", exact: true }).press("Enter");
    await eventually(async () => expect(await ada.paths()).toContain("lib/renamed.py"));
    await eventually(async () => expect(await focusedName(page)).toBe("renamed.py"));

    await row("c.py").focus();
    await page.keyboard.press("Delete");
    // Not the editor, whose text the next key would change.
    await eventually(async () => expect(await focusedName(page)).toBe("main.py"));
    await page.keyboard.press("ControlOrMeta+Z");
    await eventually(async () => expect(await focusedName(page)).toBe("c.py"));
    expect(await ada.paths()).toContain("c.py");
    expect(ada.editor.faults).toEqual([]);
  });

  it("has the keyboard in a row's menu before the next key can come", async () => {
    await using ada = await workspace({ "main.py": "", "lib/": "" });
    const { page } = ada.editor;
    const focused = await rowIn(page)("lib").evaluate((row) => {
      row.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
      return document.activeElement?.textContent;
    });
    expect(focused).toMatch(/^Rename/u);
    await page.keyboard.press("Escape");
    await eventually(async () => expect(await page.getByRole("menuitem").count()).toBe(0));
    expect(ada.editor.faults).toEqual([]);
  });

  it("shows why a name is invalid while it is typed, and frees the name of a file that is being deleted", async () => {
    await using ada = await workspace({ "main.py": "", "lib/": "", "b.py": "one" });
    const { page } = ada.editor;
    const row = rowIn(page);
    const faults: Readonly<Record<string, RegExp>> = {
      "MAIN.py": /main\.py is here already/u,
      "main.py": /already/u,
      "..": /dot/u,
      "a\\b": /backslash/u,
      "a//b": /slash/u,
      [`${"n".repeat(256)}`]: /too long/u,
    };
    await page.getByRole("button", { name: "New file" }).first().click();
    const field = page.getByRole("textbox", { name: "Name of the new file" });
    for (const [name, words] of Object.entries(faults)) {
      await field.fill(name);
      await eventually(async () => expect(await page.locator(".name-fault").textContent()).toMatch(words));
      await field.press("Enter");
      expect(await field.isVisible()).toBe(true);
    }
    await field.press("Escape");
    expect(await ada.paths()).toEqual(["b.py", "lib", "main.py"]);

    await row("b.py").press("Delete");
    await page.getByRole("button", { name: "New file" }).first().click();
    await field.fill("b.py");
    await field.press("Enter");
    await eventually(async () => expect(await tabNames(page)).toContain("b.py"));
    const { content } = (await ada.call("GET", `/projects/${ada.project.id}/files?path=b.py`)) as { content: string };
    expect(content).toBe("");
    expect(ada.editor.faults).toEqual([]);
  });

  it("accepts dragged rows and files from outside, and shows their destination", async () => {
    await using ada = await workspace({ "main.py": "", "lib/inner.py": "", "box/": "" });
    const { page } = ada.editor;
    const row = rowIn(page);
    await row("main.py").hover();
    await page.mouse.down();
    let x = 40;
    await eventually(async () => {
      x += 1;
      await row("box").hover({ position: { x, y: 10 } });
      expect(await row("box").getAttribute("data-drop")).toBe("true");
    });
    await page.mouse.up();
    await eventually(async () => expect(await ada.paths()).toContain("box/main.py"));
    expect(await page.locator("[data-drop]").count()).toBe(0);

    // A folder does not go into itself.
    await row("lib").click();
    await row("lib").dragTo(row("inner.py"));
    expect(await ada.paths()).toContain("lib/inner.py");

    const drop = async (selector: string): Promise<boolean> =>
      page.evaluate((where) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["from outside\n"], "notes.txt"));
        const target = document.querySelector(where);
        for (const type of ["dragover", "drop"]) {
          target?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
        return target !== null;
      }, selector);
    expect(await drop('[role="treeitem"][aria-label="box"]')).toBe(true);
    await eventually(async () => expect(await ada.paths()).toContain("box/notes.txt"));
    const path = encodeURIComponent("box/notes.txt");
    const file = (await ada.call("GET", `/projects/${ada.project.id}/files?path=${path}`)) as { content: string };
    expect(file.content).toBe("from outside\n");
    expect(ada.editor.faults).toEqual([]);
  });

  it(
    "draws only rows in sight of 10,000, and keys, names and menus reach all of them",
    { timeout: 90_000 },
    async () => {
      await using ada = await workspace({ "main.py": "", "many/file-0.txt": "" });
      const { page } = ada.editor;
      const row = rowIn(page);
      await addToTree(page, (n) => `many/file-${n}.txt`);
      await page.reload();
      await row("many").press("ArrowRight");
      const drawn = () => page.getByRole("treeitem").count();
      await eventually(async () => expect(await drawn()).toBeGreaterThan(20));
      expect(await drawn()).toBeLessThan(100);

      await page.keyboard.press("ArrowRight");
      expect(await focusedName(page)).toBe("file-0.txt");
      await page.keyboard.press("End");
      expect(await focusedName(page)).toBe("main.py");
      expect(await row("main.py").evaluate((element) => element.checkVisibility())).toBe(true);
      await page.keyboard.press("ArrowUp");
      expect(await focusedName(page)).toBe("file-9999.txt");
      const last = row("file-9999.txt");
      expect(await last.getAttribute("aria-posinset")).toBe("10000");
      expect(await last.getAttribute("aria-setsize")).toBe("10000");
      expect(await last.getAttribute("aria-level")).toBe("2");

      // Scrolled out of sight, the row keeps the focus, and Tab and its menu find it.
      const tree = page.getByRole("tree");
      await tree.evaluate((element) => element.scrollTo({ top: 135_000 }));
      await eventually(async () => expect(await row("file-5000.txt").isVisible()).toBe(true));
      expect(await focusedName(page)).toBe("file-9999.txt");
      expect(await drawn()).toBeLessThan(100);
      await page.keyboard.press("Shift+F10");
      await page.getByRole("menuitem", { name: /^Rename/u }).press("Enter");
      const field = page.getByRole("textbox", { name: "New name for file-9999.txt" });
      await field.press("Escape");
      await eventually(async () => expect(await focusedName(page)).toBe("file-9999.txt"));

      await page.keyboard.press("m");
      expect(await focusedName(page)).toBe("main.py");
      await page.keyboard.press("Home");
      expect(await focusedName(page)).toBe("many");
      await page.keyboard.press("m");
      expect(await focusedName(page)).toBe("main.py");
      expect(await tree.evaluate((element) => element.scrollTop)).toBeGreaterThan(260_000);
      expect(ada.editor.faults).toEqual([]);
    },
  );
});

describe("tabs", () => {
  it("scroll when they are many, distinguish equal names, move and close by keyboard, and pass the focus to the next tab", async () => {
    const files = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`part_${n}.py`, `n = ${n}\n`]));
    await using ada = await workspace({ ...files, "one/same.py": "", "two/same.py": "" });
    const { page } = ada.editor;
    const row = rowIn(page);
    await row("one").click();
    await row("two").click();
    for (const item of await row("same.py").all()) await item.click();
    for (let n = 0; n < 14; n += 1) await row(`part_${n}.py`).click();
    expect(await page.getByRole("tab", { name: /same\.py/u }).allTextContents()).toEqual([
      expect.stringContaining("one"),
      expect.stringContaining("two"),
    ]);
    const isInView = () =>
      page.evaluate(() => {
        const slot = document.querySelector(".tab-slot[data-shown=true]")?.getBoundingClientRect();
        const list = document.querySelector(".tab-list")?.getBoundingClientRect();
        return slot !== undefined && list !== undefined && slot.left >= list.left - 1 && slot.right <= list.right + 1;
      });
    await eventually(async () => expect(await isInView()).toBe(true));

    await page.getByRole("tab", { selected: true }).focus();
    await page.keyboard.press("ControlOrMeta+Shift+ArrowLeft");
    await eventually(async () => expect((await tabNames(page)).slice(-2)).toEqual(["part_13.py", "part_12.py"]));
    await eventually(async () => expect(await focusedName(page)).toContain("part_13.py"));
    await page.keyboard.press("Delete");
    // The tab, not the editor, which has the file's name too.
    const tab = page.getByRole("tab", { name: "part_12.py" });
    await eventually(async () =>
      expect(await tab.evaluate((element) => element === document.activeElement)).toBe(true),
    );
    expect(await tabNames(page)).not.toContain("part_13.py");
    expect(await ada.paths()).toContain("part_13.py");
    expect(ada.editor.faults).toEqual([]);
  });

  it("say in the background too when all is saved", async () => {
    await using ada = await workspace({ "a.py": "a\n", "b.py": "b\n" }, { query: "?file=b.py" });
    const { page } = ada.editor;
    const row = rowIn(page);
    await ada.editor.saved();
    await row("a.py").click();
    await ada.editor.saved();
    await page.context().setOffline(true);
    await ada.editor.focusEnd();
    await page.keyboard.type("# offline");
    await row("b.py").click();
    const dots = page.locator(".tab-dot");
    await eventually(async () => expect(await dots.count()).toBe(1));
    await page.context().setOffline(false);
    await eventually(async () => expect(await dots.count()).toBe(0));
    const file = (await ada.call("GET", `/projects/${ada.project.id}/files?path=a.py`)) as { content: string };
    expect(file.content).toContain("# offline");
  });
});

describe("a file that somebody else", () => {
  it("renames while it is open keeps its tab, under its new name and language", async () => {
    await using ada = await workspace({ "main.py": "# a remark\n", "b.py": "" }, { query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.listening();
    await ada.call("POST", `/projects/${ada.project.id}/move`, { from: "main.py", to: "notes.md" });
    await eventually(async () => expect(await page.title()).toMatch(/^notes\.md/u));
    expect(await tabNames(page)).toContain("notes.md");
    expect(await page.getByRole("textbox", { name: /^notes\.md/u }).count()).toBe(1);
  });

  it("deletes during typing closes its tab with a message, and no key reaches another file", async () => {
    await using ada = await workspace({ "gone.py": "x\n", "other.py": "other\n" }, { query: "?file=other.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await rowIn(page)("gone.py").click();
    await ada.editor.saved();
    await ada.editor.focusEnd();
    await page.keyboard.type("typing");
    await ada.editor.saved();
    await ada.call("DELETE", `/projects/${ada.project.id}/files?path=gone.py`);
    await page.getByText("gone.py was deleted.").waitFor();
    await page.keyboard.type("and on");
    expect(await tabNames(page)).toEqual(["other.py"]);
    await ada.editor.saved();
    expect(await ada.editor.shownText()).toBe("other\n");
  });
});

describe("an address with a file", () => {
  it("opens it at its line, even when its text arrives late", async () => {
    await using ada = await workspace({ "main.py": "", "src/long.py": LONG }, { query: "?file=src/long.py:8000" });
    const { page } = ada.editor;
    await eventually(async () => expect(await ada.editor.shownText()).toContain('line_8000 = "'), 20_000);
    expect(await page.locator(".line-numbers.active-line-number").textContent()).toBe("8000");
    expect(await rowIn(page)("long.py").getAttribute("aria-selected")).toBe("true");
    expect(ada.editor.faults).toEqual([]);
  });

  it("shows a message when there is no such file, and opens a folder in the tree", async () => {
    await using ada = await workspace({ "main.py": "", "src/a.py": "" }, { query: "?file=nope.py:3" });
    const { page } = ada.editor;
    await page.getByText("There is no nope.py in this project.").waitFor();
    await page.goto(`${stage.server.origin}/p/${ada.project.slug}?file=src`);
    await rowIn(page)("a.py").waitFor();
    expect(await shownRows(page)).toEqual(["src", "a.py", "main.py"]);
  });
});

describe("a file that is not text", () => {
  it("is shown if it is an image, can be downloaded, and accepts no keys", async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    await using ada = await workspace({ "main.py": "x\n", "dot.png": PIXEL, "data.bin": bytes });
    const { page } = ada.editor;
    const row = rowIn(page);
    await row("dot.png").click();
    const image = page.getByRole("img", { name: "dot.png" });
    await eventually(async () =>
      expect(await image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(1),
    );
    await row("data.bin").click();
    await page.getByRole("heading", { name: "data.bin is not text" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.closest("#editor") ?? null)).toBe(null);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download" }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toEqual(bytes);
    expect(download.suggestedFilename()).toBe("data.bin");
    expect(ada.editor.faults).toEqual([]);
  });
});
