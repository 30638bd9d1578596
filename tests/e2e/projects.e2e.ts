/** A project as a whole: its address and the browser's Back, its name and the menu behind it, and the text of a first visit. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Language, Project } from "@atelier/contracts";
import { eventually } from "../support/eventually.ts";
import { createLink, setPeople, tokenOf } from "../support/people.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace } from "../support/workspace.ts";

const stage = setStage();
const people = setPeople(stage);

const shownTab = (page: Page): Promise<string | null> =>
  page.getByRole("tab", { selected: true }).locator(".tab-name").textContent();
const fileInAddress = (page: Page): string | null => new URL(page.url()).searchParams.get("file");
/** Waits until the page shows the file that its address names. */
const isAt = (page: Page, path: string): Promise<void> =>
  eventually(async () => {
    expect(fileInAddress(page)).toBe(path);
    expect(await shownTab(page)).toBe(path.split("/").at(-1));
  });

describe("the address", () => {
  it("follows the shown file, through reload, rename, Back and Forward", { timeout: 60_000 }, async () => {
    const files = { "main.py": "m = 1\n", "b.py": "b = 1\n", "lib/c d.py": "c = 1\n", "e:7": "e\n" };
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files });
    const { page } = ada.editor;
    const row = (name: string) => page.getByRole("treeitem", { name, exact: true });
    await ada.editor.editorReady();
    await ada.listening();
    await isAt(page, "main.py");
    await row("b.py").click();
    await isAt(page, "b.py");
    await row("lib").click();
    await row("c d.py").click();
    await isAt(page, "lib/c d.py");

    await page.reload();
    await ada.editor.editorReady();
    await isAt(page, "lib/c d.py");
    expect(await ada.editor.shownText()).toContain("c = 1");
    await eventually(async () => expect(await page.getByRole("tab").count()).toBe(3));

    await page.goBack();
    await isAt(page, "b.py");
    await page.goBack();
    await isAt(page, "main.py");
    await page.goForward();
    await isAt(page, "b.py");
    // After a rename the old address still shows the file.
    await ada.call("POST", `/projects/${ada.project.id}/move`, { from: "b.py", to: "lib/renamed.py" });
    await isAt(page, "lib/renamed.py");
    await row("main.py").click();
    await isAt(page, "main.py");
    await page.goBack();
    await isAt(page, "lib/renamed.py");
    // Back skips a file that was deleted meanwhile.
    await row("e:7").click();
    await eventually(() => expect(fileInAddress(page)).toBe("e:7:1"));
    await ada.call("DELETE", `/projects/${ada.project.id}/files?path=lib%2Frenamed.py`);
    await row("renamed.py").waitFor({ state: "detached" });
    await page.goBack();
    await eventually(() => expect(fileInAddress(page)).toBe("e:7:1"));
    await page.reload();
    await ada.editor.editorReady();
    expect(await shownTab(page)).toBe("e:7");
    expect(ada.editor.faults).toEqual([]);
  });
});

const projectButton = (page: Page) => page.getByRole("button", { name: /: projects$/u });
const choose = async (page: Page, item: string): Promise<void> => {
  await projectButton(page).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
};

describe("a project", () => {
  it("is renamed, duplicated, downloaded and deleted after typing its name, and a deletion is undone", async () => {
    const ada = await people.visitAndType("print('mine')\n");
    const { page } = ada;
    const token = await tokenOf(page);
    const names = async (): Promise<string[]> => {
      const answer = await fetch(`${stage.server.origin}/api/projects`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return ((await answer.json()) as { items: Project[] }).items.map(({ name }) => name).toSorted();
    };
    await choose(page, "Rename");
    await page.getByRole("textbox", { name: "Project name" }).fill("Workbench");
    await page.keyboard.press("Enter");
    await projectButton(page).getByText("Workbench").waitFor();
    await eventually(async () => expect(await page.title()).toBe("main.py · Workbench · Atelier"));

    await projectButton(page).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Download as zip" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("Workbench.zip");
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    const archive = Buffer.concat(chunks);
    expect(archive.subarray(0, 2).toString()).toBe("PK");
    expect(archive.includes("main.py")).toBe(true);

    const original = new URL(page.url()).pathname;
    await choose(page, "Duplicate");
    await page.waitForURL((url) => url.pathname !== original);
    await ada.editorReady();
    await eventually(async () => expect(await ada.shownText()).toContain("print('mine')"));
    const copyName = (await projectButton(page).textContent())?.trim() ?? "";
    expect(copyName).not.toBe("Workbench");
    expect(await names()).toEqual([copyName, "Workbench"].toSorted());

    await choose(page, "Delete project");
    await page.getByRole("heading", { name: `${copyName} was deleted` }).waitFor();
    await eventually(async () => expect(await names()).toEqual(["Workbench"]));
    await page.getByRole("button", { name: "Undo" }).click();
    await eventually(async () => expect(await names()).toEqual([copyName, "Workbench"].toSorted()));
    await projectButton(page).waitFor();
    await ada.editorReady();
    await eventually(async () => expect(await ada.shownText()).toContain("print('mine')"));

    // The name opens other projects; a further new one gets another name.
    await projectButton(page).click();
    await page.getByRole("menuitem", { name: "Workbench" }).click();
    await projectButton(page).getByText("Workbench", { exact: true }).waitFor();
    for (const name of ["Python sketch", "Python sketch 2"]) {
      await page.goto(`${stage.server.origin}/new/python`);
      await ada.editorReady();
      await ada.replaceAll("x = 1\n");
      await projectButton(page).getByText(name, { exact: true }).waitFor();
    }
    expect(people.faults()).toEqual([]);
  });

  it("of another owner can be duplicated and not changed", async () => {
    const ada = await people.visitAndType("print('mine')\n");
    const eve = await people.visit(await createLink(ada.page, "viewer"));
    await eve.editorReady();
    await projectButton(eve.page).click();
    const items = (await eve.page.getByRole("menuitem").allInnerTexts()).map((text) => text.trim());
    expect(items).toEqual(expect.arrayContaining(["Duplicate", "Download as zip"]));
    expect(items.some((item) => item.startsWith("Rename") || item.startsWith("Delete"))).toBe(false);
    // Neither may an editor rename it.
    const bob = await people.visit(await createLink(ada.page, "editor"));
    await bob.editorReady();
    await projectButton(bob.page).click();
    await bob.page.getByRole("menuitem", { name: "Duplicate" }).waitFor();
    expect(await bob.page.getByRole("menuitem", { name: /^(?:Rename|Delete)/u }).count()).toBe(0);
    expect(people.faults()).toEqual([]);
  });
});

describe("a first visit", () => {
  it("shows what Atelier is, with the texts of the page, and code without escape sequences", async () => {
    const visitor = await people.visit("/");
    const { page } = visitor;
    await visitor.editorReady();
    await page.getByText("Atelier is a code editor in the browser that runs your code.").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await page.locator('meta[name="description"]').getAttribute("content")).toContain("runs your code");
    const languages = (await (await fetch(`${stage.server.origin}/api/languages`)).json()) as Language[];
    expect(languages.length).toBeGreaterThan(30);
    for (const { id, sample } of languages) expect(sample.content, id).not.toMatch(/\\(?:e|033|x1b|u001b)/iu);
    // The editor's own menu looks like the page's menus, and Ctrl+D leaves no find bar behind.
    await page.locator("#editor .view-line").first().click();
    await page.keyboard.press("Control+D");
    await page.keyboard.press("Control+D");
    await page.locator("#editor .view-line").first().click({ button: "right" });
    await page.getByRole("menuitem", { name: "Copy" }).waitFor();
    expect(
      await page
        .locator(".findOptionsWidget")
        .evaluateAll((all) => all.filter((each) => each.checkVisibility()).length),
    ).toBe(0);
    const looks = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => {
          const { fontFamily, fontSize, color } = getComputedStyle(element);
          return { fontFamily, fontSize, color };
        });
    const theirs = await looks(".monaco-menu .action-menu-item");
    const box = await page.locator(".monaco-menu-container").evaluate((element) => {
      const { borderRadius, backgroundColor } = getComputedStyle(element);
      return { borderRadius, backgroundColor };
    });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Account/u }).click();
    expect(theirs).toEqual(await looks(".menu:popover-open .menu-item"));
    expect(box).toEqual(
      await page.locator(".menu:popover-open").evaluate((element) => {
        const { borderRadius, backgroundColor } = getComputedStyle(element);
        return { borderRadius, backgroundColor };
      }),
    );
    expect(people.faults()).toEqual([]);
  });

  it("has nothing to scroll by a pixel, before and after a run", async () => {
    const ada = await people.visitAndType("print('x')\n");
    await ada.run();
    await ada.ended(/exit 0/u);
    // Announced to screen readers: the live region is now in the page. The terminal is laid out again in the frame after the end of the run.
    await eventually(async () => {
      const excess = await ada.page.evaluate(() =>
        [
          document.documentElement,
          document.body,
          ...document.querySelectorAll<HTMLElement>("#shell, .pane, .xterm"),
        ].map((element) => `${element.tagName}.${element.className} ${element.scrollHeight - element.clientHeight}`),
      );
      expect(excess.filter((text) => !text.endsWith(" 0"))).toEqual([]);
    });
    expect(people.faults()).toEqual([]);
  });
});
