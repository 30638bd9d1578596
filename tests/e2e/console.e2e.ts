/** The console as a terminal and as a part of the page: keys, clipboard, text without a key, layout of lines, the end of a run. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createLink, setPeople } from "../support/people.ts";
import { CHOSEN_TIER, setStage } from "../support/stage.ts";
import { openWorkspace, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage({ env: CHOSEN_TIER });
const people = setPeople(stage);

const ECHO = `print('alpha beta ' * 12, flush=True)
try:
    while True:
        print('got', ascii(input()))
except KeyboardInterrupt:
    print('interrupted')
`;

const workspace = async (files: WorkspaceOptions["files"], options: Partial<WorkspaceOptions> = {}) => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const opened = await openWorkspace(stage.browser, stage.server.origin, { files, permissions, ...options });
  await opened.editor.editorReady();
  return opened;
};

const rows = async (page: Page): Promise<string[]> =>
  (await page.locator("#slot-output .xterm-rows > div").allTextContents()).map((row) => row.replaceAll("\u00a0", " "));
const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
const toClipboard = (page: Page, text: string): Promise<void> =>
  page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
const terminal = (page: Page) => page.locator("#slot-output .xterm-screen");
const tool = (page: Page, name: string) => page.locator("#slot-output").getByRole("button", { name, exact: true });
const menuItem = (page: Page, name: string | RegExp) => page.getByRole("menuitem", { name });
const heightOf = (page: Page, selector: string): Promise<number> =>
  page
    .locator(selector)
    .first()
    .evaluate((element) => element.getBoundingClientRect().height);

describe("the console", () => {
  it(
    "copies, pastes, finds and interrupts as terminals do, and lays lines out as text",
    { timeout: 90_000 },
    async () => {
      await using ada = await workspace({ "main.py": ECHO });
      const { page } = ada.editor;
      await ada.editor.run();
      await ada.editor.outputContains("alpha");
      await page.locator(".xterm-helper-textarea").waitFor();

      // Lines are broken between words, their height is the editor's, and copied text has no trace of either.
      await eventually(async () => {
        const written = (await rows(page)).filter((row) => row.trim() !== "");
        expect(written.length).toBeGreaterThan(1);
        for (const row of written) expect(row.trim()).toMatch(/^(?:alpha|beta)(?: (?:alpha|beta))*$/u);
      });
      expect(await heightOf(page, "#slot-output .xterm-rows > div")).toBe(await heightOf(page, "#editor .view-line"));
      await tool(page, "Copy the output").click();
      await eventually(async () => expect((await clipboard(page)).trim()).toBe("alpha beta ".repeat(12).trim()));
      await terminal(page).click({ button: "right" });
      await menuItem(page, "Select all").click();
      await terminal(page).click({ button: "right" });
      await toClipboard(page, "");
      await menuItem(page, /^Copy/u).click();
      await eventually(async () => expect((await clipboard(page)).trim()).toBe("alpha beta ".repeat(12).trim()));

      // Ctrl+C copies what is selected, and interrupts only without a selection.
      await terminal(page).dblclick({ position: { x: 20, y: 10 } });
      await page.keyboard.press("Control+C");
      await eventually(async () => expect(await clipboard(page)).toBe("alpha"));
      await terminal(page).dblclick({ position: { x: 70, y: 10 } });
      await page.keyboard.press("Control+Shift+C");
      await eventually(async () => expect(await clipboard(page)).toBe("beta"));
      expect(await page.getByRole("meter", { name: "Time used" }).getAttribute("aria-valuemax")).toBe("30");

      for (const [count, keys] of ["Control+V", "Control+Shift+V"].entries()) {
        await toClipboard(page, `pasted ${count}`);
        await page.keyboard.press(keys);
        await page.keyboard.press("Enter");
        await ada.editor.outputContains(`got 'pasted ${count}'`);
      }
      await toClipboard(page, "by menu");
      await terminal(page).click({ button: "right" });
      await menuItem(page, "Paste").click();
      await page.keyboard.press("Enter");
      await ada.editor.outputContains("got 'by menu'");
      // The middle button pastes the selection, wherever it is.
      await terminal(page).dblclick({ position: { x: 20, y: 10 } });
      await terminal(page).click({ button: "middle", position: { x: 200, y: 120 } });
      await page.keyboard.press("Enter");
      await ada.editor.outputContains("got 'alpha'");
      // Without a key: an emoji panel, dictation, a phone. And with one, once.
      await page.keyboard.insertText("\u{1F642} dictated");
      await page.keyboard.type(" Typed");
      await page.keyboard.press("Enter");
      await ada.editor.outputContains("got '\\U0001f642 dictated Typed'");

      await tool(page, "Find in the output").click();
      await page.getByRole("textbox", { name: "Find in the output" }).fill("GOT 'pasted");
      await page.getByText("2 of 2").waitFor();
      // Drawn with the next frame.
      await eventually(async () => expect(await page.locator(".xterm-decoration").count()).toBe(2));
      await page.keyboard.press("Enter");
      await page.getByText("1 of 2").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("textbox", { name: "Find in the output" }).waitFor({ state: "detached" });
      expect(await page.locator(".xterm-decoration").count()).toBe(0);

      await page.keyboard.press("Control+C");
      await ada.editor.outputContains("interrupted");
      await ada.editor.ended(/^Finished in \d+\.\d+ s/u);
      const facts = page.locator(".exit-facts");
      const opacity = () => facts.evaluate((element) => getComputedStyle(element).opacity);
      await page.locator("#editor .view-lines").click();
      expect(await opacity()).toBe("0");
      await page.locator(".exit-line").hover();
      expect(await opacity()).toBe("1");
      expect(await facts.innerText()).toMatch(/^exit 0 · [\d.]+ MB · .+ of CPU time · \w+$/u);
      // Screen readers do not see rows that were never written.
      const listed = () =>
        page
          .locator("#slot-output [role=list]")
          .evaluate((list) =>
            [...list.children]
              .filter((row) => row.getAttribute("aria-hidden") !== "true")
              .map((row) => row.textContent),
          );
      await eventually(async () => expect((await listed()).at(-1)).toMatch(/interrupted\s*$/u));
      await tool(page, "Clear the output").click();
      await page.getByText("to see what the program prints").waitFor();
      expect(ada.editor.faults).toEqual([]);
    },
  );

  it("lays lines out anew when it gets another width, and leaves them whole when they are not wrapped", async () => {
    const line = Array.from({ length: 40 }, (_, n) => `word${n}`).join(" ");
    await using ada = await workspace({ "main.py": `print(${JSON.stringify(line)})\n` });
    const { page } = ada.editor;
    await ada.editor.run();
    await ada.editor.ended(/exit 0/u);
    const shown = async () => (await rows(page)).map((row) => row.trim()).filter((row) => row !== "");
    await eventually(async () => expect((await shown()).join(" ")).toBe(line));
    const before = await shown();
    await page.setViewportSize({ width: 1000, height: 800 });
    await eventually(async () => {
      const now = await shown();
      expect(now.length).toBeGreaterThan(before.length);
      expect(now.join(" ")).toBe(line);
    });
    await tool(page, "Wrap long lines").click();
    await eventually(async () => expect(await shown()).toEqual([line]));
    await tool(page, "Wrap long lines").click();
    await eventually(async () => expect((await shown()).join(" ")).toBe(line));
    expect((await shown()).length).toBeGreaterThan(1);
    expect(ada.editor.faults).toEqual([]);
  });

  it("links the files of a traceback, and opens a printed address in a tab that can't reach the page", async () => {
    const address = `${stage.server.origin}/healthz`;
    await using ada = await workspace({
      "main.py": `import part\nprint("(see ${address}).")\npart.fail()\n`,
      "part.py": "def fail():\n    raise ValueError\n",
    });
    const { page } = ada.editor;
    await ada.editor.run();
    await ada.editor.ended(/exit 1/u);
    /** The terminal hears the mouse in front of its rows. */
    const clickOn = async (text: string): Promise<void> => {
      const box = await page.locator("#slot-output .xterm-rows span", { hasText: text }).first().boundingBox();
      await page.mouse.move((box?.x ?? 0) + 58, (box?.y ?? 0) + 8);
      await page.mouse.move((box?.x ?? 0) + 60, (box?.y ?? 0) + 8);
      await page.mouse.down();
      await page.mouse.up();
    };
    const opening = page.context().waitForEvent("page");
    await clickOn("see http");
    const opened = await opening;
    await eventually(() => expect(opened.url()).toBe(address));
    expect(await opened.evaluate(() => window.opener === null)).toBe(true);
    await opened.close();
    await page.bringToFront();
    await clickOn("part.py");
    await eventually(async () => expect(await ada.editor.shownText()).toContain("raise ValueError"));
    expect(ada.editor.faults).toEqual([]);
  });

  it("accepts text, an interrupt and pasted text before its terminal is loaded", async () => {
    let load = (): void => undefined;
    const loaded = new Promise<void>((resolve) => (load = resolve));
    const before: WorkspaceOptions["before"] = (opening) =>
      opening.route(/\/assets\/console-parts-[^/]+\.js/u, async (route) => {
        await loaded;
        await route.continue();
      });
    await using ada = await workspace({ "main.py": ECHO }, { before });
    const { page } = ada.editor;
    await ada.editor.run();
    const field = page.locator(".early-keys");
    await field.waitFor({ state: "attached" });
    await page.keyboard.insertText("d\u00e9j\u00e0");
    await page.keyboard.type(" vu");
    await page.keyboard.press("Enter");
    await ada.editor.outputContains("got 'd\\xe9j\\xe0 vu'");
    await page.keyboard.press("Control+C");
    await ada.editor.ended(/exit 0/u);
    load();
    await page.locator(".xterm-rows").waitFor();
    await ada.editor.outputContains("interrupted");
    expect(ada.editor.faults).toEqual([]);
  });

  it("is never blank while a dialog is open, on a desktop or above a phone's keyboard", async () => {
    await using ada = await workspace({ "main.py": "for n in range(200): print('line', n)\n" });
    const { page } = ada.editor;
    await ada.editor.run();
    await ada.editor.ended(/exit 0/u);
    await ada.editor.outputContains("line 199");
    await page.evaluate(() => {
      const screen = document.querySelector("#slot-output .xterm-rows");
      const seen = { blank: 0, looks: 0 };
      Object.assign(globalThis, { seen });
      const look = (): void => {
        seen.looks += 1;
        if ((screen?.textContent ?? "").trim() === "") seen.blank += 1;
      };
      if (screen) new MutationObserver(look).observe(screen, { childList: true, subtree: true });
      look();
    });
    for (const open of [
      () => page.getByRole("button", { name: "Share" }).click(),
      async () => {
        await page.getByRole("button", { name: /^Account/u }).click();
        await menuItem(page, "Log in").click();
      },
    ]) {
      await open();
      await page.getByRole("dialog").waitFor();
      await page.setViewportSize({ width: 1280, height: 420 });
      await eventually(async () => expect((await rows(page)).length).toBeLessThan(20));
      expect((await rows(page)).join("")).toContain("line 199");
      await page.setViewportSize({ width: 1280, height: 800 });
      await eventually(async () => expect((await rows(page)).length).toBeGreaterThan(25));
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: { blank: number; looks: number } }).seen);
    expect(seen.looks).toBeGreaterThan(1);
    expect(seen.blank).toBe(0);
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("Ctrl+Enter", () => {
  it("during a run stops it and runs again, and asks first when the setting is on", { timeout: 60_000 }, async () => {
    await using ada = await workspace({ "main.py": "print('first')\ninput('? ')\n" });
    const { page } = ada.editor;
    await ada.editor.run();
    await ada.editor.outputContains("first");
    await ada.editor.replaceAll("print('second')\ninput('? ')\n");
    await page.keyboard.press("Control+Enter");
    await ada.editor.outputContains("second");
    expect(await ada.editor.output()).not.toContain("first");
    const { items } = (await ada.call("GET", `/projects/${ada.project.id}/executions`)) as {
      items: { status: string }[];
    };
    expect(items.map(({ status }) => status).toSorted()).toEqual(["cancelled", "running"]);

    await terminal(page).click({ button: "right" });
    await page.getByRole("menuitemcheckbox", { name: "Ask before running again" }).click();
    await ada.editor.replaceAll("print('third')\n");
    await page.keyboard.press("Control+Enter");
    const again = page.getByRole("button", { name: "Stop it and run again" });
    await again.waitFor();
    expect(await ada.editor.output()).toContain("second");
    await again.click();
    await ada.editor.outputContains("third");
    await ada.editor.ended(/exit 0/u);
    expect(ada.editor.faults).toEqual([]);
  });

  it("of a viewer shows why it is disabled, and the printed output stays", { timeout: 60_000 }, async () => {
    const ada = await people.visitAndType("print(input('Name? '))\n");
    const eve = await people.visit(await createLink(ada.page, "viewer"));
    await eve.editorReady();
    await ada.page.keyboard.press("Escape");
    await ada.run();
    await eve.outputContains("Name?");
    // Only Ada may stop the run.
    expect(await eve.page.getByRole("button", { name: "Stop", exact: true }).count()).toBe(0);
    const asked: string[] = [];
    eve.page.on("request", (request) => {
      if (request.url().includes("/executions")) asked.push(`${request.method()} ${request.url()}`);
    });
    await eve.page.locator("#editor .view-lines").click();
    for (const keys of ["Control+Enter", "Control+Shift+Enter"]) {
      await eve.page.keyboard.press(keys);
      await eve.page.getByRole("status").getByText("Viewers can watch runs; editors can start them.").waitFor();
    }
    expect(await eve.output()).toContain("Name?");
    await ada.page.locator(".xterm-helper-textarea").focus();
    await ada.page.keyboard.type("Ada\n");
    await eve.outputContains("Ada");
    expect(asked).toEqual([]);
    expect(people.faults()).toEqual([]);
  });
});
