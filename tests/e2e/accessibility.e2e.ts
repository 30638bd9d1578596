/** W6: axe finds nothing on any screen in either theme, and everything is done with the keyboard alone. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { type AxeScope, inspectWithAxe } from "../support/axe.ts";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, PIXEL, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true };
const FILES = {
  "main.py": "name = input('Who? ')\nprint('\\033[32mhi\\033[0m', name)\nraise SystemExit(3)\n",
  "lib/tools.py": "def two():\n    return 2  # a comment\n",
  "picture.png": PIXEL,
  "data.bin": Buffer.from([0, 1, 2, 255]),
};
/** Fewer than this would mean that axe looked at an empty page. */
const LEAST_PASSES = 4;

const stage = setStage();

const workspace = (options: Partial<WorkspaceOptions> = {}) =>
  openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py", ...options });

const THEMES = { light: "everything", dark: "colours" } as const satisfies Record<string, AxeScope>;

/** Has the page in a theme as if the system had changed its own, drawn. */
const showTheme = async (page: Page, colorScheme: keyof typeof THEMES): Promise<void> => {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async (theme) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const isShown = () =>
      [...document.querySelectorAll(".monaco-editor")].every(
        ({ classList }) => classList.contains("vs-dark") === (theme === "dark"),
      );
    while (!isShown()) await frame();
    // The terminal is drawn anew in a later frame.
    for (let count = 0; count < 3; count += 1) await frame();
  }, colorScheme);
};

/** Looks at one screen after the other, each in both themes; what was found is kept by the screen's name and theme. */
const screens = (page: Page) => {
  const found: Record<string, readonly string[]> = {};
  return {
    look: async (name: string): Promise<void> => {
      for (const theme of ["light", "dark"] as const) {
        await showTheme(page, theme);
        const { violations, passes } = await inspectWithAxe(page, THEMES[theme]);
        expect(passes, `${name}, ${theme}: axe looked at something`).toBeGreaterThan(LEAST_PASSES);
        if (violations.length > 0) found[`${name}, ${theme}`] = violations;
      }
    },
    found,
  };
};

/** Gives main.py another version than the first one. */
const changeMain = async ({ call, project }: Workspace): Promise<void> => {
  await call("PUT", `/projects/${project.id}/files`, { path: "main.py", content: "print('changed')\n" });
};

/** By the palette, with keys. */
const runCommand = async (page: Page, words: string): Promise<void> => {
  await page.keyboard.press("F1");
  await page.keyboard.type(words);
  await page.getByRole("option", { selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("dialog.palette").waitFor({ state: "detached" });
};

describe("axe", () => {
  it("finds what is planted", { timeout: 60_000 }, async () => {
    await using ada = await EditorPage.open(stage.browser, stage.server.origin);
    await ada.editorReady();
    await ada.page.evaluate(() => {
      const image = document.createElement("img");
      image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
      document.querySelector("#slot-output")?.append(image);
    });
    const { violations } = await inspectWithAxe(ada.page);
    expect(violations.join()).toContain("image-alt: ");
  });

  it("finds nothing on a first visit, whichever theme it begins with", { timeout: 60_000 }, async () => {
    await using visitor = await EditorPage.open(stage.browser, stage.server.origin, { colorScheme: "dark" });
    await visitor.editorReady();
    expect((await inspectWithAxe(visitor.page, THEMES.dark)).violations).toEqual([]);
    const { look, found } = screens(visitor.page);
    await look("first visit");
    await visitor.page.getByRole("button", { name: /^account/iu }).click();
    await visitor.page.getByRole("menuitem", { name: /log in/iu }).waitFor();
    await look("account menu");
    await visitor.page.getByRole("menuitem", { name: /log in/iu }).click();
    await visitor.page.getByRole("dialog").waitFor();
    await look("sign-in form");
    await visitor.page.goto(`${stage.server.origin}/nowhere/at/all`);
    await visitor.page.getByRole("heading", { name: /nothing at this address/iu }).waitFor();
    await look("nothing here");
    expect(found).toEqual({});
  });

  it("finds nothing in a project", { timeout: 90_000 }, async () => {
    await using ada = await workspace();
    const { page } = ada.editor;
    const row = (name: string) => page.getByRole("treeitem", { name, exact: true });
    await ada.editor.editorReady();
    const { look, found } = screens(page);
    await row("lib").click();
    await row("tools.py").click();
    await look("tree and tabs");
    await row("tools.py").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Rename" }).waitFor();
    await look("menu of a row");
    await page.keyboard.press("Escape");
    await row("main.py").press("F2");
    await page.getByRole("textbox", { name: "New name for main.py" }).fill("picture.png");
    await page.locator(".name-fault").waitFor();
    await look("a name that is taken");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "New folder" }).click();
    await look("a new folder");
    await page.keyboard.press("Escape");
    await row("picture.png").click();
    await page.getByRole("img", { name: "picture.png" }).waitFor();
    await look("a picture");
    await row("data.bin").click();
    await page.getByRole("heading", { name: "data.bin is not text" }).waitFor();
    await look("bytes");
    await row("main.py").click();
    await ada.editor.run();
    await page.getByText("Waiting for input").waitFor();
    await look("waiting for input");
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("Ada\r");
    await ada.editor.ended(/exit 3/u);
    await look("failed run");
    await page.keyboard.press("F1");
    await page.getByRole("option", { selected: true }).waitFor();
    await look("the palette");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ControlOrMeta+,");
    await page.getByRole("dialog", { name: "Settings" }).waitFor();
    await look("settings");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ControlOrMeta+P");
    await page.getByRole("option", { selected: true }).waitFor();
    await look("quick open");
    await page.keyboard.press("Escape");
    await changeMain(ada);
    await runCommand(page, "compare with an older");
    await page.locator(".comparison .line-insert").first().waitFor();
    await look("a comparison");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ControlOrMeta+\\");
    await page.locator("#editor-beside .view-line").first().waitFor();
    await look("two groups");
    await runCommand(page, "join the groups");
    await page.locator("#editor-beside .view-line").first().waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("button", { name: "Create link that can edit" }).waitFor();
    await look("share dialog");
    await page.keyboard.press("Escape");
    await row("data.bin").press("Delete");
    await page.getByText("Deleted data.bin").waitFor();
    await look("a toast");
    expect(found).toEqual({});
  });

  it("finds nothing in an empty project and out of reach of the server", { timeout: 90_000 }, async () => {
    await using ada = await workspace({ files: {}, query: "" });
    const { page } = ada.editor;
    await page.getByText("This project is empty").waitFor();
    const { look, found } = screens(page);
    await look("empty project");
    await ada.call("POST", `/projects/${ada.project.id}/files`, { path: "a.py", content: "a = 1\n" });
    await ada.call("POST", `/projects/${ada.project.id}/files`, { path: "b.py", content: "b = 1\n" });
    await page.getByRole("treeitem", { name: "a.py" }).click();
    await ada.editor.saved();
    await page.context().setOffline(true);
    await page.getByRole("treeitem", { name: "b.py" }).click();
    await page.getByRole("heading", { name: "The server can't be reached" }).waitFor();
    await look("offline");
    expect(found).toEqual({});
  });

  it("finds nothing on a phone", { timeout: 90_000 }, async () => {
    await using ada = await workspace(PHONE);
    const { page } = ada.editor;
    await ada.editor.editorReady();
    const { look, found } = screens(page);
    await look("code");
    // The status bar leaves a phone its space.
    await page.locator("#slot-bar .save-state").waitFor();
    expect(await page.locator("#slot-status").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Files", exact: true }).click();
    await look("files");
    await ada.editor.run();
    await page.getByText("Waiting for input").waitFor();
    await look("output");
    expect(found).toEqual({});
  });
});

/** What has the keyboard: its accessible name as far as a test needs it, and where it is. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return {
      name: (element?.getAttribute("aria-label") ?? element?.textContent ?? "").trim(),
      inEditor: element?.closest("#editor") !== null,
      inTerminal: element?.classList.contains("xterm-helper-textarea") === true,
      inDialog: element?.closest("dialog") !== null,
      inShell: element?.closest("#shell") !== null,
    };
  });

type Focus = Awaited<ReturnType<typeof focused>>;

/** Presses a key until the keyboard is where it should be. @throws Error with every element it was in. */
const pressUntil = async (page: Page, key: string, isThere: (focus: Focus) => boolean, most = 12): Promise<void> => {
  const seen: string[] = [];
  for (let count = 0; count < most; count += 1) {
    await page.keyboard.press(key);
    const focus = await focused(page);
    if (isThere(focus)) return;
    seen.push(focus.name);
  }
  throw new Error(`${key} did not lead there: ${seen.join(", ")}`);
};

describe("the keyboard alone", () => {
  it("opens, edits, runs, answers the program and shares", { timeout: 90_000 }, async () => {
    await using ada = await EditorPage.open(stage.browser, stage.server.origin);
    const { page } = ada;
    await ada.editorReady();
    await pressUntil(page, "F6", ({ inEditor }) => inEditor);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("name = input('Who? ')\nprint('Hello', name[::-1])\n");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.getByText("Waiting for input").waitFor();
    // The focus stays in the code while the user types; the way to the program is shown and is one key.
    expect((await focused(page)).inEditor).toBe(true);
    await page.locator(".input-keys").waitFor();
    await page.keyboard.press("F6");
    expect((await focused(page)).inTerminal).toBe(true);
    await page.keyboard.type("ecarG");
    await page.keyboard.press("Enter");
    await ada.outputContains("Hello Grace");
    await ada.ended(/exit 0/u);

    await pressUntil(page, "F6", ({ name }) => name === "Run");
    await pressUntil(page, "Shift+Tab", ({ name }) => name === "Share");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Create link that can edit" }).waitFor();
    expect((await focused(page)).inDialog).toBe(true);
    await pressUntil(page, "Tab", ({ name }) => /^create link/iu.test(name));
    await page.keyboard.press("Enter");
    await eventually(async () =>
      expect(await page.getByRole("dialog").locator("input[readonly]").first().inputValue()).toContain("/s/"),
    );
    for (let count = 0; count < 15; count += 1) {
      await page.keyboard.press("Tab");
      expect((await focused(page)).inShell).toBe(false);
    }
    await page.keyboard.press("Escape");
    await eventually(async () => expect((await focused(page)).name).toBe("Share"));
    expect(ada.faults).toEqual([]);
  });

  it("leaves the editor with the keys that the editor shows, and reaches every region with F6", async () => {
    await using ada = await workspace();
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await page.getByRole("tab", { selected: true }).focus();
    await pressUntil(page, "Tab", ({ inEditor }) => inEditor);
    await page.getByText("Tab indents. Ctrl+M lets it leave the editor.").waitFor();
    await page.keyboard.press("Control+M");
    await page.getByText("Tab leaves the editor.").waitFor();
    await pressUntil(page, "Tab", ({ inEditor }) => !inEditor, 2);

    const round: string[] = [];
    await page.getByRole("treeitem", { name: "main.py" }).focus();
    for (let count = 0; count < 5; count += 1) {
      await page.keyboard.press("F6");
      const { name, inEditor } = await focused(page);
      round.push(inEditor ? "editor" : name);
    }
    expect(round).toEqual(["editor", "Clear the output", "Ln 1, Col 1", "Run", "main.py"]);
    await page.keyboard.press("Shift+F6");
    expect((await focused(page)).name).toBe("Run");
  });

  it("splits the editor, moves the line between the groups, compares and changes settings", async () => {
    await using ada = await workspace();
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await page.getByRole("tab", { selected: true }).focus();
    await runCommand(page, "split the editor");
    await page.locator("#editor-beside .view-line").first().waitFor();
    await page.keyboard.press("Control+M");
    await pressUntil(page, "Shift+Tab", ({ name }) => name === "Width of the first group", 10);
    const line = page.getByRole("separator", { name: "Width of the first group" });
    await page.keyboard.press("ArrowLeft");
    expect(await line.getAttribute("aria-valuenow")).toBe("48");

    await page.keyboard.press("ControlOrMeta+,");
    await page.getByRole("dialog", { name: "Settings" }).waitFor();
    const minimap = page.getByRole("switch", { name: "Minimap" });
    for (let count = 0; count < 9; count += 1) {
      await page.keyboard.press("Tab");
      if (await minimap.evaluate((element) => element === document.activeElement)) break;
    }
    await page.keyboard.press("Space");
    await page.locator("#editor .minimap").first().waitFor();
    await page.keyboard.press("Escape");
    // The keyboard is where it was before the dialog.
    await eventually(async () => expect((await focused(page)).name).toBe("Width of the first group"));
    await runCommand(page, "join the groups");
    await line.waitFor({ state: "detached" });

    await changeMain(ada);
    await eventually(async () => expect(await ada.editor.shownText()).toContain("changed"));
    await runCommand(page, "compare with an older");
    await page.locator(".comparison .line-insert").first().waitFor();
    await pressUntil(page, "Tab", ({ name }) => name === "Next difference", 5);
    await page.keyboard.press("Enter");
    await eventually(async () =>
      expect(await page.evaluate(() => document.activeElement?.closest(".comparison-body") !== null)).toBe(true),
    );
    await page.keyboard.press("Escape");
    await eventually(async () => expect((await focused(page)).inEditor).toBe(true));
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("for everybody", () => {
  it.each([
    ["200 %", { width: 640, height: 400 }],
    ["400 %", { width: 320, height: 256 }],
  ] as const)("at %s zoom nothing is cut off sideways and everything is reached", async (_, viewport) => {
    await using ada = await workspace({ viewport });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    for (const pane of ["Files", "Output", "Code"]) {
      await page.getByRole("button", { name: pane, exact: true }).click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    }
    await ada.editor.runButton.click();
    await page.getByText("Waiting for input").waitFor();
    await page.getByRole("textbox", { name: "Input for the program" }).last().fill("Ada");
    await page.getByRole("button", { name: "Send" }).click();
    await ada.editor.ended(/exit 3/u);
  });

  it("nothing is animated for a user who prefers reduced motion", async () => {
    await using ada = await workspace({ reducedMotion: "reduce" });
    const { page } = ada.editor;
    const moving = () =>
      page.evaluate(() =>
        document
          .getAnimations()
          .filter(({ playState }) => playState === "running")
          .map(({ effect }) => (effect as KeyframeEffect).target?.className ?? "?"),
      );
    await ada.editor.editorReady();
    await ada.editor.run();
    await page.getByText("Waiting for input").waitFor();
    expect(await moving()).toEqual([]);
    // The same moment without the wish does move, or nothing was looked at.
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await eventually(async () => expect(await moving()).toContain("run-dot"));
  });
});
