/** The page's frame: the palette, quick open, the status bar, the settings, the comparison. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { inspectWithAxe } from "../support/axe.ts";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, type Workspace } from "../support/workspace.ts";

const stage = setStage();

const FILES = { "main.py": "print('main')\n", "app/shortcuts.py": "one\ntwo\nthree\n", "app/other.py": "" };

/** Whether the page prevents the browser's own action for a key. */
const isTaken = (page: Page, init: { key: string; ctrlKey?: boolean }): Promise<boolean> =>
  page.evaluate((given) => {
    const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...given });
    (document.activeElement ?? document.body).dispatchEvent(event);
    return event.defaultPrevented;
  }, init);

/** The ids of the project's entries, by path. */
const idsOf = async ({ call, project }: Workspace): Promise<Record<string, string>> => {
  const { entries } = (await call("GET", `/projects/${project.id}/tree`)) as {
    entries: { id: string; path: string }[];
  };
  return Object.fromEntries(entries.map(({ id, path }) => [path, id]));
};

const inEditor = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.activeElement?.closest("#editor") !== null);

describe("the palette", () => {
  it("goes to a file and a line, and keys typed while its code is loading do not reach the file", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    let load = (): void => undefined;
    const loads = new Promise<void>((resolve) => {
      load = resolve;
    });
    await page.route(/\/assets\/palette-list-/u, async (route) => {
      await loads;
      await route.continue();
    });
    await ada.editor.focusEnd();
    await page.keyboard.press("ControlOrMeta+P");
    await page.keyboard.type("apshort:2");
    await page.keyboard.press("Enter");
    load();
    await page.getByRole("tab", { name: "shortcuts.py", selected: true }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await eventually(async () => expect(await inEditor(page)).toBe(true));
    await ada.editor.saved();
    await page.keyboard.type("X");
    await eventually(async () => expect(await ada.editor.shownText()).toBe("one\nXtwo\nthree\n"));

    // Enter without a query goes back to the file before.
    await page.keyboard.press("ControlOrMeta+P");
    await page.getByRole("option", { name: "main.py" }).waitFor();
    await page.keyboard.press("Enter");
    await eventually(async () => expect(await ada.editor.shownText()).toBe("print('main')\n"));
    expect(ada.editor.faults).toEqual([]);
  });

  it("runs commands of the page and of the editor, and gives the keyboard back", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await ada.editor.focusEnd();
    await page.keyboard.press("F1");
    await page.getByRole("combobox", { name: "Commands" }).waitFor();
    await page.keyboard.press("Escape");
    await eventually(async () => expect(await inEditor(page)).toBe(true));

    await page.keyboard.press("ControlOrMeta+Shift+P");
    await page.keyboard.type("theme dark");
    await page.getByRole("option", { name: "Theme: Dark", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await eventually(async () =>
      expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark"),
    );

    await page.keyboard.press("F1");
    await page.keyboard.type("toggle line comment");
    await page.getByRole("option", { name: "Toggle Line Comment", selected: true }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await eventually(async () => expect(await ada.editor.shownText()).toContain("#"));
    expect(await inEditor(page)).toBe(true);

    // In the open palette the other key changes what it lists.
    await page.keyboard.press("F1");
    await page.keyboard.press("ControlOrMeta+P");
    await page.getByRole("combobox", { name: "Go to file" }).waitFor();
    await page.keyboard.type("zzz");
    await page.getByText("Nothing found.").waitFor();
    expect(ada.editor.faults).toEqual([]);
  });

  it("prevents no browser key that has no function in the page", async () => {
    await using visitor = await EditorPage.open(stage.browser, stage.server.origin);
    await visitor.editorReady();
    expect(await isTaken(visitor.page, { key: "p", ctrlKey: true })).toBe(false);
    expect(await isTaken(visitor.page, { key: "F1" })).toBe(true);
    expect(await isTaken(visitor.page, { key: "s", ctrlKey: true })).toBe(true);
  });
});

describe("the status bar", () => {
  it("shows the cursor position, encoding and line end, and changes the indentation", async () => {
    const files = { "main.py": "if True:\n  print(1)\n", "app.js": "\tx\n\ty\n" };
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    const bar = page.getByRole("contentinfo", { name: "Status" });
    await bar.getByText("Python", { exact: true }).waitFor();
    await bar.getByText("LF", { exact: true }).waitFor();
    await bar.getByText("Saved", { exact: true }).first().waitFor();
    await page.locator("#editor .view-lines").click();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.press("Shift+ArrowDown");
    await bar.getByText("Ln 2, Col 1 (9 selected)").waitFor();
    await bar.getByRole("button", { name: "Indentation: Spaces: 2" }).click();
    await page.getByRole("menuitemradio", { name: "Spaces: 8" }).click();
    await page.keyboard.press("Escape");
    await bar.getByRole("button", { name: "Indentation: Spaces: 8" }).waitFor();
    await bar.getByText("Ln 2, Col 1 (9 selected)").click();
    await page.locator("#editor .quick-input-widget").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("treeitem", { name: "app.js" }).click();
    await bar.getByText("JavaScript", { exact: true }).waitFor();
    await bar.getByRole("button", { name: /^Indentation: Tabs/u }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("the settings", () => {
  it("are in effect at once, are kept per user on the server, and Vim's keys are among them", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await page.keyboard.press("ControlOrMeta+,");
    const dialog = page.getByRole("dialog", { name: "Settings" });
    await dialog.getByRole("spinbutton", { name: "Font size" }).fill("20");
    await dialog.getByRole("spinbutton", { name: "Font size" }).fill("2");
    await dialog.getByText("From 10 to 32").waitFor();
    await dialog.getByRole("switch", { name: "Minimap" }).click();
    await dialog.getByRole("combobox", { name: "Theme" }).selectOption("dark");
    await dialog.getByRole("combobox", { name: "Keys" }).selectOption("vim");
    await page.locator("#editor .minimap").waitFor();
    const fontSize = () => page.locator("#editor .view-lines").evaluate((lines) => getComputedStyle(lines).fontSize);
    expect(await fontSize()).toBe("20px");
    await eventually(async () =>
      expect(await ada.call("GET", "/me/settings")).toEqual({
        "editor.fontSize": 20,
        "editor.minimap": true,
        "editor.keymap": "vim",
        theme: "dark",
      }),
    );
    await page.keyboard.press("Escape");
    await page.locator(".vim-line").getByText("NORMAL").waitFor();
    await page.locator("#editor .view-lines").click();
    await page.keyboard.type("ggOhello");
    await page.locator(".vim-line").getByText("INSERT").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.type("jdd");
    await eventually(async () => expect(await ada.editor.shownText()).toBe("hello\n"));

    // Another browser of the same user: the settings come from the server.
    await page.evaluate(() => {
      for (const name of ["atelier.settings", "atelier.theme"]) localStorage.removeItem(name);
    });
    await ada.call("PUT", "/me/settings", { "editor.fontSize": 20, theme: "dark", newer: { kept: true } });
    await page.reload();
    await ada.editor.editorReady();
    await eventually(async () => expect(await fontSize()).toBe("20px"));
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    expect(await page.locator(".vim-line").count()).toBe(0);
    await page.keyboard.press("ControlOrMeta+,");
    await page.getByRole("dialog", { name: "Settings" }).getByRole("button", { name: "Reset all" }).click();
    await eventually(async () => expect(await fontSize()).toBe("13.5px"));
    await eventually(async () =>
      expect(await ada.call("GET", "/me/settings")).toMatchObject({ theme: "system", newer: { kept: true } }),
    );
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("comparing with an older version", () => {
  it("shows what has changed since, live, goes from one difference to the next, and restores", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, {
      files: { "main.py": "one\ntwo\nthree\n" },
      query: "?file=main.py",
    });
    const { page } = ada.editor;
    const put = (content: string) => ada.call("PUT", `/projects/${ada.project.id}/files`, { path: "main.py", content });
    await put("one\nTWO\nthree\n");
    await put("one\nTWO\nthree\nfour\n");
    await ada.editor.editorReady();
    await ada.editor.saved();
    await ada.editor.focusEnd();
    await page.keyboard.press("F1");
    await page.keyboard.type("compare");
    await page.getByRole("option", { name: "Files: Compare with an older version", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    const comparison = page.getByRole("region", { name: "Compare main.py" });
    const versions = comparison.getByRole("combobox", { name: "Older version" });
    await versions.waitFor();
    expect(await versions.inputValue()).toBe("2");
    await versions.selectOption("1");
    const side = (name: "original" | "modified") =>
      comparison.locator(`.editor.${name} .view-lines[role=presentation]`);
    await eventually(async () => expect(await side("original").innerText()).toContain("two"));
    await eventually(async () =>
      expect(await comparison.locator(".line-insert, .char-insert").count()).toBeGreaterThan(0),
    );
    await put("one\nTWO\nthree\nfour\nfive\n");
    await eventually(async () => expect(await side("modified").innerText()).toContain("five"));
    await comparison.getByRole("button", { name: "Next difference" }).click();
    expect((await inspectWithAxe(page)).violations).toEqual([]);
    await comparison.getByRole("button", { name: "Restore" }).click();
    await comparison.waitFor({ state: "detached" });
    await eventually(async () => expect(await ada.editor.shownText()).toBe("one\ntwo\nthree\n"));
    expect(await inEditor(page)).toBe(true);
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("the output", () => {
  it("goes below the code, is as high as one makes it, and is there again in this project", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    const top = async () => ((await page.locator("#slot-output").boundingBox())?.y ?? 0) / 800;
    expect(await top()).toBeLessThan(0.1);
    await page.keyboard.press("F1");
    await page.keyboard.type("output below");
    await page.keyboard.press("Enter");
    await eventually(async () => expect(await top()).toBeGreaterThan(0.5));
    const before = await top();
    await page.getByRole("separator", { name: "Height of the output" }).press("ArrowUp");
    await eventually(async () => expect(await top()).toBeLessThan(before));
    const layout = { panelAt: "bottom", outputHeight: 37 };
    await eventually(async () =>
      expect(await ada.call("GET", `/projects/${ada.project.id}/editor-state`)).toMatchObject({ layout }),
    );
    await page.evaluate(() => localStorage.removeItem("atelier.layout"));
    await page.reload();
    await eventually(async () => expect(await top()).toBeGreaterThan(0.5));
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("the groups of the editor", () => {
  it("split and join it: each has its tabs, file and cursor, one file may be in both, and they are kept", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await ada.editor.focusEnd();
    expect(await page.locator(".monaco-editor[role=code]").count()).toBe(1);
    await page.keyboard.press("ControlOrMeta+\\");
    const beside = page.locator("#editor-beside");
    await beside.locator(".view-line").first().waitFor();
    const isIn = (id: string): Promise<boolean> =>
      page.evaluate((host) => document.activeElement?.closest(`#${host}`) !== null, id);
    await eventually(async () => expect(await isIn("editor-beside")).toBe(true));

    // One file in two views: what is typed in one is in the other, and one undo takes it back in both.
    await page.keyboard.type("x");
    await eventually(async () => expect(await ada.editor.shownText()).toBe("print('main')\nx"));
    await page.keyboard.press("ControlOrMeta+1");
    await eventually(async () => expect(await isIn("editor")).toBe(true));
    await page.keyboard.press("ControlOrMeta+Z");
    await eventually(async () => expect(await beside.locator(".view-lines").innerText()).not.toContain("x"));

    // An opened file goes into the active group; the run's file and the status bar are that group's too.
    await page.keyboard.press("ControlOrMeta+2");
    await page.keyboard.press("ControlOrMeta+P");
    await page.keyboard.type("shortcuts:2");
    await page.getByRole("option", { selected: true }).waitFor();
    await page.keyboard.press("Enter");
    const second = page.getByRole("tablist", { name: "Open files, second group" });
    await second.getByRole("tab", { name: "shortcuts.py", selected: true }).waitFor();
    await page.getByRole("contentinfo", { name: "Status" }).getByText("Ln 2, Col 1").waitFor();
    expect(await ada.editor.shownText()).toContain("main");
    await ada.editor.saved();
    expect((await inspectWithAxe(page)).violations).toEqual([]);
    const { "main.py": main, "app/shortcuts.py": shortcuts } = await idsOf(ada);
    await eventually(async () =>
      expect(await ada.call("GET", `/projects/${ada.project.id}/editor-state`)).toMatchObject({
        open: [main],
        shown: main,
        beside: { open: [main, shortcuts], shown: shortcuts },
      }),
    );

    await page.reload();
    await second.getByRole("tab", { name: "shortcuts.py", selected: true }).waitFor();
    await eventually(async () => expect(await beside.locator(".view-lines").innerText()).toContain("two"));
    // Its last tab closes a group, and the other one's view is the only one.
    await page.locator("#slot-tabs").getByRole("tab", { name: "main.py" }).focus();
    await page.keyboard.press("Delete");
    await second.waitFor({ state: "detached" });
    await eventually(async () => expect(await ada.editor.shownText()).toBe("one\ntwo\nthree\n"));
    expect(await page.getByRole("tab").count()).toBe(2);
    expect(await beside.locator(".monaco-editor").count()).toBe(0);
    expect(ada.editor.faults).toEqual([]);
  });

  it("are as wide as one drags them or moves the line between them with keys, and that is kept", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    await ada.editor.focusEnd();
    expect(await page.getByRole("separator", { name: "Width of the first group" }).count()).toBe(0);
    await page.keyboard.press("ControlOrMeta+\\");
    await page.locator("#editor-beside .view-line").first().waitFor();
    const line = page.getByRole("separator", { name: "Width of the first group" });
    const widths = async () => {
      const boxes = [page.locator("#editor-frame"), page.locator("#editor-frame-beside")].map((one) =>
        one.boundingBox(),
      );
      return (await Promise.all(boxes)).map((box) => box?.width ?? 0) as [number, number];
    };
    const share = async () => {
      const [first, second] = await widths();
      return Math.round((first / (first + second)) * 100);
    };
    expect([await share(), await line.getAttribute("aria-valuenow")]).toEqual([50, "50"]);
    await line.press("ArrowRight");
    await line.press("ArrowRight");
    await eventually(async () => expect(await share()).toBe(54));
    expect(await line.getAttribute("aria-valuenow")).toBe("54");
    await line.press("Home");
    await eventually(async () => expect(await share()).toBeLessThan(50));
    await line.press("End");
    await eventually(async () => expect(await share()).toBeGreaterThan(50));
    await line.press("Enter");
    await eventually(async () => expect(await share()).toBe(50));

    const at = await line.boundingBox();
    const code = await page.locator("#region-code").boundingBox();
    if (!at || !code) throw new Error("nothing is drawn");
    await page.mouse.move(at.x, at.y + 200);
    await page.mouse.down();
    await page.mouse.move(code.x + code.width * 0.4, at.y + 260, { steps: 5 });
    await page.mouse.up();
    await eventually(async () => expect(await share()).toBe(40));
    // Monaco has drawn itself as wide as its group is.
    await eventually(async () => {
      const [first] = await widths();
      const drawn = (await page.locator("#editor .monaco-editor").first().boundingBox())?.width ?? 0;
      expect(Math.abs(drawn - first)).toBeLessThanOrEqual(1);
    });
    expect((await inspectWithAxe(page)).violations).toEqual([]);
    await eventually(async () => {
      const { layout } = (await ada.call("GET", `/projects/${ada.project.id}/editor-state`)) as {
        layout: { groupWidth: number };
      };
      expect(Math.round(layout.groupWidth)).toBe(40);
    });
    await page.evaluate(() => localStorage.removeItem("atelier.layout"));
    await page.reload();
    await page.locator("#editor-beside .view-line").first().waitFor();
    await eventually(async () => expect(await share()).toBe(40));
    expect(ada.editor.faults).toEqual([]);
  });

  it("are still two after a narrow window has shown and changed their tabs as one", async () => {
    await using ada = await openWorkspace(stage.browser, stage.server.origin, { files: FILES, query: "?file=main.py" });
    const { page } = ada.editor;
    const { "main.py": main, "app/shortcuts.py": shortcuts, "app/other.py": other } = await idsOf(ada);
    const state = () => ada.call("GET", `/projects/${ada.project.id}/editor-state`);
    await ada.call("PUT", `/projects/${ada.project.id}/editor-state`, {
      open: [main],
      shown: main,
      beside: { open: [shortcuts], shown: shortcuts },
    });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.reload();
    await ada.editor.editorReady();
    await ada.editor.saved();
    await page.getByRole("tab", { name: "shortcuts.py" }).waitFor();
    expect(await page.locator("#editor-beside .monaco-editor").count()).toBe(0);
    await page.getByRole("button", { name: "Files", exact: true }).click();
    await page.getByRole("treeitem", { name: "app" }).click();
    await page.getByRole("treeitem", { name: "other.py" }).click();
    await page.getByRole("tab", { name: "other.py", selected: true }).waitFor();
    await eventually(async () =>
      expect(await state()).toMatchObject({
        open: [main, other],
        shown: other,
        beside: { open: [shortcuts], shown: shortcuts },
      }),
    );
    // The same window, wide: the groups are there again, and go and come with its width.
    const second = page.getByRole("tablist", { name: "Open files, second group" });
    for (const _time of ["first", "second"]) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await second.getByRole("tab", { name: "shortcuts.py", selected: true }).waitFor();
      await eventually(async () =>
        expect(await page.locator("#editor-beside .view-lines").innerText()).toContain("two"),
      );
      expect(await page.locator("#slot-tabs").getByRole("tab").count()).toBe(2);
      await page.setViewportSize({ width: 390, height: 844 });
      await second.waitFor({ state: "detached" });
      expect(await page.getByRole("tab").count()).toBe(3);
    }
    await eventually(async () => expect(await state()).toMatchObject({ beside: { open: [shortcuts] } }));
    expect(ada.editor.faults).toEqual([]);
  });
});
