/** Files from outside the page: dropped anywhere in the window, pasted into the tree, chosen; and text typed into a new file. */
import type { Page } from "playwright-core";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createLink, setPeople } from "../support/people.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, PIXEL, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage();
const people = setPeople(stage);

const workspace = async (files: WorkspaceOptions["files"], options: Partial<WorkspaceOptions> = {}) => {
  const opened = await openWorkspace(stage.browser, stage.server.origin, { files, ...options });
  await opened.editor.editorReady();
  return opened;
};

/** Drops files with these names and texts on the element of a selector. @returns whether the page would have accepted the drop */
const drop = (page: Page, selector: string, files: Readonly<Record<string, string>>): Promise<boolean> =>
  page.evaluate(
    ([where, brought]) => {
      const dataTransfer = new DataTransfer();
      for (const [name, text] of Object.entries(brought)) dataTransfer.items.add(new File([text], name));
      const target = document.querySelector(where);
      const over = new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true });
      target?.dispatchEvent(over);
      target?.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      return over.defaultPrevented;
    },
    [selector, files] as const,
  );

describe("files from outside", () => {
  it("are dropped anywhere, several at a time, pasted into the tree, and replace existing files only after a confirmation", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "lib/a.py": "" }, { query: "?file=main.py" });
    const { page } = ada.editor;
    const textOf = async (path: string): Promise<unknown> =>
      (
        (await ada.call("GET", `/projects/${ada.project.id}/files?path=${encodeURIComponent(path)}`)) as {
          content: string;
        }
      ).content;
    for (const [name, where] of Object.entries({
      "editor.txt": "#editor .view-lines",
      "output.txt": "#slot-output",
      "bar.txt": "#slot-bar",
    })) {
      expect(await drop(page, where, { [name]: `by ${where}\n` })).toBe(true);
      await page.getByRole("tab", { name }).waitFor();
      expect(await textOf(name)).toBe(`by ${where}\n`);
    }
    await drop(page, "#slot-output", { "one.txt": "1", "two.txt": "2", "three.txt": "3" });
    await page.getByText("Added 3 files.").waitFor();
    expect(await ada.paths()).toEqual(expect.arrayContaining(["one.txt", "two.txt", "three.txt"]));

    await drop(page, "#editor", { "one.txt": "other" });
    await page.getByText("one.txt is here already.").waitFor();
    expect(await textOf("one.txt")).toBe("1");
    await page.getByRole("button", { name: "Replace it" }).click();
    await eventually(async () => expect(await textOf("one.txt")).toBe("other"));

    await page.getByRole("treeitem", { name: "lib", exact: true }).focus();
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(["pasted"], "pasted.txt"));
      const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(event);
    });
    await eventually(async () => expect(await ada.paths()).toContain("lib/pasted.txt"));
    expect(ada.editor.faults).toEqual([]);
  });

  it("are chosen with Upload, whole folders too, without generated folders", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "b.py": "" });
    const { page } = ada.editor;
    const folder = await mkdtemp(join(tmpdir(), "atelier-upload-"));
    try {
      await mkdir(join(folder, "box/deep/node_modules/x"), { recursive: true });
      for (let n = 0; n < 12; n += 1) await writeFile(join(folder, `box/deep/file_${n}.txt`), `${n}\n`);
      await writeFile(join(folder, "box/deep/node_modules/x/index.js"), "");
      await writeFile(join(folder, "box/dot.png"), PIXEL);
      const choose = async (item: string, path: string): Promise<void> => {
        await page.getByRole("button", { name: "Upload" }).click();
        const [chooser] = await Promise.all([
          page.waitForEvent("filechooser"),
          page.getByRole("menuitem", { name: item }).click(),
        ]);
        await chooser.setFiles(path);
      };
      await choose("A folder", join(folder, "box"));
      await page.getByText("Added 13 files.").waitFor();
      await page.getByText("Left out: node_modules.").waitFor();
      const paths = await ada.paths();
      expect(paths.filter((path) => path.startsWith("box/deep/file_"))).toHaveLength(12);
      expect(paths.some((path) => path.includes("node_modules"))).toBe(false);
      expect(await page.getByRole("treeitem", { name: "box", exact: true }).getAttribute("aria-expanded")).toBe("true");
      await choose("Files", join(folder, "box/deep/file_7.txt"));
      await page.getByRole("tab", { name: "file_7.txt" }).waitFor();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    expect(ada.editor.faults).toEqual([]);
  });

  it("turn the first page's sample into a project, and are refused for viewers", async () => {
    const ada = await people.visit("/");
    await ada.editorReady();
    await drop(ada.page, "#editor", { "extra.py": "x = 1\n" });
    await ada.page.getByRole("tab", { name: "extra.py" }).waitFor();
    expect(ada.page.url()).toContain("/p/");
    const eve = await people.visit(await createLink(ada.page, "viewer"));
    await eve.editorReady();
    await drop(eve.page, "#slot-output", { "no.txt": "no" });
    expect(await eve.page.getByRole("treeitem", { name: "no.txt" }).count()).toBe(0);
    expect(people.faults()).toEqual([]);
  });

  it("that are damaged pictures say so", async () => {
    const damaged = Buffer.concat([PIXEL.subarray(0, 24), Buffer.from([0, 255, 0, 255])]);
    await using ada = await workspace({ "main.py": "", "broken.png": damaged });
    const { page } = ada.editor;
    await page.getByRole("treeitem", { name: "broken.png" }).click();
    await page.getByRole("heading", { name: "broken.png can't be shown" }).waitFor();
    await page.getByText("The picture is damaged").waitFor();
    expect(await page.getByText("Reload it and try again").count()).toBe(0);
    await page.getByRole("button", { name: "Download" }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("a new file", () => {
  it("gets the text typed after its name, however late the server creates it; if creating fails, the text is offered again", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "b.py": "" });
    const { page } = ada.editor;
    let make = (): void => undefined;
    const asked = new Promise<void>((resolve) => (make = resolve));
    await page.route(/\/files$/u, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      await asked;
      return route.continue();
    });
    const create = async (name: string): Promise<void> => {
      await page.locator(".tree-header").getByRole("button", { name: "New file" }).click();
      await page.keyboard.type(name);
      await page.keyboard.press("Enter");
    };
    await create("ahead.py");
    await page.keyboard.type("def f(x):\n");
    await page.keyboard.press("Tab");
    await page.keyboard.type("return (x)\n");
    await page.keyboard.press("Backspace");
    make();
    await page.getByRole("tab", { name: "ahead.py" }).waitFor();
    await page.keyboard.type(" # and on");
    const text = async () =>
      ((await ada.call("GET", `/projects/${ada.project.id}/files?path=ahead.py`)) as { content: string }).content;
    await eventually(async () => expect(await text()).toBe("def f(x):\n    return (x) # and on"), 15_000);
    expect(await ada.editor.shownText()).not.toContain("print(1)");

    await page.unrouteAll();
    const typed = new Promise<void>((resolve) => (make = resolve));
    await page.route(/\/files$/u, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      await typed;
      return route.fulfill({ status: 503, json: {} });
    });
    await create("refused.py");
    await page.keyboard.type("kept");
    make();
    await page.getByText("refused.py was not made").waitFor();
    await page.getByText("could not be saved there").waitFor();
    expect(await ada.editor.shownText()).not.toContain("kept");
    expect(ada.editor.faults).toEqual([]);
  });
});
