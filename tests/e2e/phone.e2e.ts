/** The page on a phone: 390x844, touch, one pane at a time, Run in reach of the thumb. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { createLink, People } from "../support/people.ts";
import { setStage } from "../support/stage.ts";
import { tapChannels } from "../support/tap-channels.ts";
import { openWorkspace, type WorkspaceOptions } from "../support/workspace.ts";

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

const PORTRAIT = PHONE.viewport;
const LANDSCAPE = { width: PORTRAIT.height, height: PORTRAIT.width };

/** By how many pixels the page, or a dialog over it, is wider than what shows it. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() =>
    Math.max(
      document.documentElement.scrollWidth - window.innerWidth,
      ...[...document.querySelectorAll("dialog[open]")].map((dialog) => dialog.scrollWidth - dialog.clientWidth),
    ),
  );
/** The sizes of the dialog's text, in pixels: small print and headings left out. */
const textSizes = (page: Page): Promise<string[]> =>
  page.getByRole("dialog").evaluate((dialog) => {
    const texts = dialog.querySelectorAll(".share-row-name, .select, .button, .input");
    return [...new Set([...texts].map((text) => getComputedStyle(text).fontSize))];
  });
const pane = (page: Page, name: "Code" | "Files" | "Output") =>
  page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name });

describe("on a phone", () => {
  const stage = setStage();
  const workspace = async (files: WorkspaceOptions["files"], options: Partial<WorkspaceOptions> = {}) => {
    const opened = await openWorkspace(stage.browser, stage.server.origin, { files, ...PHONE, ...options });
    await opened.editor.editorReady();
    return opened;
  };

  it(
    "a stranger runs the sample and answers it, and nothing is wider than the screen",
    { timeout: 90_000 },
    async () => {
      await using ada = await EditorPage.open(stage.browser, stage.server.origin, PHONE);
      await ada.editorReady();
      expect(await overflow(ada.page)).toBeLessThanOrEqual(0);
      const words = ada.page.getByText("A code editor in the browser that runs your code.", { exact: true });
      const box = await words.boundingBox();
      expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThan(PORTRAIT.height);
      if (process.env["SHOW_PHONE"] !== undefined)
        await ada.page.screenshot({ path: `${process.env["SHOW_PHONE"]}.first.png` });
      // While somebody types, keyboard and row of keys leave no space for words.
      await ada.page.locator("#editor .view-lines").tap();
      await ada.page.getByRole("toolbar", { name: "Keys" }).waitFor();
      expect(await words.isVisible()).toBe(false);
      if (process.env["SHOW_PHONE"] !== undefined)
        await ada.page.screenshot({ path: `${process.env["SHOW_PHONE"]}.keys.png` });
      await ada.run();
      expect(await words.count()).toBe(0);
      await ada.page.getByText("Waiting for input · idle limit").waitFor();
      expect(await overflow(ada.page)).toBeLessThanOrEqual(0);
      const clear = await ada.page.getByRole("button", { name: "Clear the output" }).boundingBox();
      expect((clear?.x ?? Infinity) + (clear?.width ?? 0)).toBeLessThanOrEqual(PORTRAIT.width);
      if (process.env["SHOW_PHONE"] !== undefined) await ada.page.screenshot({ path: process.env["SHOW_PHONE"] });
      await ada.page.getByRole("textbox", { name: "Input for the program" }).last().fill("Ada");
      await ada.page.getByRole("button", { name: "Send" }).tap();
      await ada.ended(/exit 0/u);
      await ada.outputContains("Ada");
      expect(ada.faults).toEqual([]);
    },
  );

  it("a file is opened from the tree and typed into, and both are saved and run", async () => {
    await using ada = await workspace({ "main.py": "print('main')\n", "b.py": "print('b')\n" });
    const { page } = ada.editor;
    await pane(page, "Files").tap();
    await page.getByRole("treeitem", { name: "b.py", exact: true }).tap();
    await eventually(async () => expect(await ada.editor.shownText()).toContain("print('b')"));
    expect(await pane(page, "Code").getAttribute("aria-current")).toBe("true");
    await page.locator("#editor .view-lines").tap();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.type("a = 1\n");
    await eventually(async () =>
      expect(await ada.call("GET", `/projects/${ada.project.id}/files?path=b.py`)).toMatchObject({
        content: "a = 1\nprint('b')\n",
      }),
    );
    await ada.editor.run();
    await ada.editor.ended(/exit 0/u);
    await ada.editor.outputContains("b");
    expect(await pane(page, "Output").getAttribute("aria-current")).toBe("true");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(ada.editor.faults).toEqual([]);
  });

  it("whatever is tapped is at least 44 px wide and high, and a row of keys types what a phone's keyboard hides", async () => {
    await using ada = await workspace({ "main.py": "x = 1\n", "b.py": "", "lib/": "" });
    const { page } = ada.editor;
    const small = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll("button, a[href], select, input, [role=tab], [role=treeitem], .tab-close")]
          .filter(
            (element) =>
              element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
              element.closest(".monaco-editor, .xterm, .visually-hidden") === null &&
              !element.classList.contains("visually-hidden"),
          )
          .map((element) => ({ element, box: element.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
          .map(({ element, box }) => `${element.ariaLabel ?? element.textContent} ${box.width} x ${box.height}`),
      );
    expect(await small()).toEqual([]);
    await page.locator("#editor .view-lines").tap();
    const keys = page.getByRole("toolbar", { name: "Keys" });
    await keys.waitFor();
    expect(await small()).toEqual([]);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.press("Delete");
    for (const name of ["Opening parenthesis", "Left", "Tab", "Right", "Opening brace", "Undo"]) {
      await keys.getByRole("button", { name, exact: true }).tap();
    }
    await eventually(async () => expect((await ada.editor.shownText()).trimEnd()).toBe("    ()"));
    // The phone's keyboard stays open, because the focus does not move.
    expect(await page.evaluate(() => document.activeElement?.closest("#editor") !== null)).toBe(true);

    await pane(page, "Files").tap();
    expect(await keys.count()).toBe(0);
    expect(await small()).toEqual([]);
    await page.getByRole("button", { name: "Actions for b.py" }).tap();
    expect(await small()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /: projects$/u }).tap();
    expect(await small()).toEqual([]);
    await page.keyboard.press("Escape");
    await ada.editor.run();
    await ada.editor.ended(/exit/u);
    expect(await small()).toEqual([]);
    await createLink(page, "editor");
    expect(await small()).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(ada.editor.faults).toEqual([]);
  });

  it("a long tree can be scrolled after the phone was turned with the files hidden", async () => {
    const names = Array.from({ length: 40 }, (_, at) => `file_${String(at).padStart(2, "0")}.py`);
    const files = Object.fromEntries(names.map((name) => [name, ""]));
    await using ada = await workspace(files, { viewport: LANDSCAPE });
    const { page } = ada.editor;
    await page.getByRole("button", { name: "Hide files" }).tap();
    await page.setViewportSize(PORTRAIT);
    await pane(page, "Files").tap();
    const tree = page.getByRole("tree");
    expect(await tree.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBeGreaterThan(0);
    // Only rows in sight are drawn.
    await tree.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await page.getByRole("treeitem", { name: "file_39.py" }).tap();
    await page.getByRole("tab", { name: "file_39.py" }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });

  it("those for whom there is no space are counted, and nothing is wider than the screen", async () => {
    const before = async (opening: Page): Promise<void> => {
      await tapChannels(opening, "events", {
        textToPage(text) {
          const frame = JSON.parse(text) as { event: { presence?: unknown[] } };
          for (const name of ["Ada", "Bob", "Cy", "Dee", "Eve", "Flo"]) {
            frame.event.presence?.push({ connectionId: name, user: { id: name, name }, role: "editor", fileId: null });
          }
          return JSON.stringify(frame);
        },
      });
    };
    await using ada = await workspace({ "main.py": "" }, { before });
    const { page } = ada.editor;
    const people = page.getByRole("list", { name: "People here" }).getByRole("listitem");
    await people.first().waitFor();
    expect(await people.allInnerTexts()).toEqual(["", "", "+4"]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.setViewportSize(LANDSCAPE);
    expect(await people.allInnerTexts()).toEqual(["", "", "", "", "+2"]);
    expect(ada.editor.faults).toEqual([]);
  });

  it("a project is shared, and a friend with a phone joins and types", async () => {
    await using people = new People(stage);
    const ada = await people.visit("/", PHONE);
    await ada.editorReady();
    await ada.page.getByRole("button", { name: "Share" }).tap();
    const dialog = ada.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Create link that can edit" }).waitFor();
    expect(await overflow(ada.page)).toBeLessThanOrEqual(0);
    expect(await textSizes(ada.page)).toEqual(["16px"]);
    const path = await createLink(ada.page, "editor");
    expect(await overflow(ada.page)).toBeLessThanOrEqual(0);
    if (process.env["SHOW_PHONE"] !== undefined)
      await ada.page.screenshot({ path: `${process.env["SHOW_PHONE"]}.share.png` });
    const box = await dialog.boundingBox();
    expect([box?.x, box?.width]).toEqual([0, PORTRAIT.width]);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(PORTRAIT.height);
    const bob = await people.visit(path, PHONE);
    await bob.editorReady();
    await bob.saved();
    await bob.page.locator("#editor .view-lines").tap();
    await bob.page.keyboard.press("ControlOrMeta+Home");
    await bob.page.keyboard.type("# Bob was here\n");
    await dialog.getByRole("button", { name: "Close" }).tap();
    await eventually(async () => expect(await ada.shownText()).toContain("# Bob was here"), 15_000);
    await ada.page.getByRole("list", { name: "People here" }).getByRole("button").first().waitFor();
    expect(await overflow(ada.page)).toBeLessThanOrEqual(0);
    expect(people.faults()).toEqual([]);
  });
});
