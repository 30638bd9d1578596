/** Effects of other users' edits and cursors on the view of a user who reads and types in the same file, and of typing on the file. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openStockClient } from "../support/stock-client.ts";
import { openWorkspace, type Workspace } from "../support/workspace.ts";

const stage = setStage();

/** A long file in a page, and another client of it. */
const openLongFile = async (query = "") => {
  const text = Array.from({ length: 200 }, (_, n) => `line ${n + 1}\n`).join("");
  const workspace = await openWorkspace(stage.browser, stage.server.origin, { files: { "a.txt": text }, query });
  const { editor, project, token, call } = workspace;
  await editor.editorReady();
  const { entries } = (await call("GET", `/projects/${project.id}/tree`)) as { entries: { id: string }[] };
  const at = { projectId: project.id, fileId: entries[0]?.id ?? "" };
  const other = await openStockClient({ origin: stage.server.origin, token }, at);
  const { page } = editor;
  /** The vertical position of a line on the screen, by its text; undefined if it is not drawn. */
  const topOf = (line: string) =>
    page.evaluate((wanted) => {
      const lines = [...document.querySelectorAll("#editor .view-line")];
      return lines.find(({ textContent }) => textContent.replaceAll("\u{A0}", " ") === wanted)?.getBoundingClientRect()
        .top;
    }, line);
  return {
    page,
    other,
    topOf,
    /** Waits until the others' edits are drawn: a mark that they leave at the end of a visible line is there. */
    drawn: async (mark: string, line: string) => {
      other.text.insert(other.text.toString().indexOf(`${line}\n`) + line.length, mark);
      await eventually(async () => expect(await topOf(line + mark)).toBeDefined());
    },
    cursorTop: () => page.evaluate(() => document.querySelector("#editor .cursor")?.getBoundingClientRect().top ?? -1),
    view: () => page.evaluate(() => document.querySelector("#editor")?.getBoundingClientRect().toJSON() as DOMRect),
    [Symbol.asyncDispose]: async () => {
      other[Symbol.dispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
};

describe("the reader's view", () => {
  it("stays on the same lines when others insert and delete above them", async () => {
    await using file = await openLongFile("?file=a.txt:80");
    const { other, topOf } = file;
    await eventually(async () => expect(await topOf("line 80")).toBeDefined());
    const before = await topOf("line 80");
    other.text.insert(0, "new\n".repeat(30));
    await file.drawn("!", "line 85");
    expect(await topOf("line 80")).toBe(before);
    other.text.delete(0, "new\n".length * 25);
    await file.drawn("?", "line 86");
    expect(await topOf("line 80")).toBe(before);
  });

  it("at the very beginning of a file too", async () => {
    await using file = await openLongFile("?file=a.txt:5");
    const before = await file.topOf("line 2");
    file.other.text.insert(0, "new\n".repeat(30));
    await file.drawn("!", "line 3");
    expect(await file.topOf("line 2")).toBe(before);
  });

  it("never loses the reader's own cursor, however much is inserted between its first line and the cursor", async () => {
    await using file = await openLongFile();
    const { page, other, topOf } = file;
    await page.locator("#editor .view-lines").click({ position: { x: 40, y: 200 } });
    const text = other.text.toString();
    expect(await topOf("line 3")).toBeDefined();
    other.text.insert(text.indexOf("line 3\n"), "new\n".repeat(100));
    await file.drawn("!", "line 4");
    const [top, view] = [await file.cursorTop(), await file.view()];
    expect(top).toBeGreaterThanOrEqual(view.top);
    expect(top).toBeLessThan(view.bottom);
    // Typed text is inserted at the cursor.
    await page.keyboard.type("typed");
    await eventually(() => expect(other.text.toString()).toContain("typed"));
    const typedInto = other.text
      .toString()
      .split("\n")
      .find((line) => line.includes("typed"));
    expect(typedInto?.replace("typed", "")).toMatch(/^line \d+!?$/u);
  });
});

describe("others' names", () => {
  it("hide no code, do not overlap, and go", async () => {
    await using file = await openLongFile();
    const { page, other } = file;
    const { awareness } = other.provider;
    const at = (offset: number) =>
      Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(other.text, offset, -1)) as unknown;
    const say = (offset: number) =>
      awareness.setLocalState({
        user: { id: "grace", name: "Grace Hopper", color: "#a0286a" },
        selection: { anchor: at(offset), head: at(offset) },
      });
    say(other.text.toString().indexOf("line 5") + 2);
    const name = page.locator("#editor .shared-name");
    await name.waitFor();
    const boxes = await page.evaluate(() => {
      const nameBox = document.querySelector("#editor .shared-name")?.getBoundingClientRect();
      const texts = [...document.querySelectorAll("#editor .view-line > span")].map((line) => {
        const range = document.createRange();
        range.selectNodeContents(line);
        return range.getBoundingClientRect().toJSON() as DOMRect;
      });
      return { name: nameBox?.toJSON() as DOMRect, texts };
    });
    const covered = boxes.texts.filter(
      (text) =>
        text.left < boxes.name.right &&
        text.right > boxes.name.left &&
        text.top < boxes.name.bottom &&
        text.bottom > boxes.name.top,
    );
    expect(boxes.texts.length).toBeGreaterThan(10);
    expect(covered).toEqual([]);
    await name.waitFor({ state: "detached" });
    expect(await page.locator("#editor .shared-caret").textContent()).toBe("");
  });
});

describe("typing", () => {
  const name = "a.txt";
  const mixed = "one\r\ntwo\nthree\r\nfour\rfive\n";
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await openWorkspace(stage.browser, stage.server.origin, { files: { [name]: mixed } });
    await workspace.editor.editorReady();
    await workspace.editor.saved();
  });
  afterAll(() => workspace[Symbol.asyncDispose]());
  const stored = async (): Promise<string> =>
    ((await workspace.call("GET", `/projects/${workspace.project.id}/files?path=${name}`)) as { content: string })
      .content;

  it("one key does not change a file's mixed line ends", async () => {
    const { editor } = workspace;
    await editor.page.locator("#editor .view-lines").click();
    for (const key of ["ControlOrMeta+Home", "ArrowDown", "End", "!"]) await editor.page.keyboard.press(key);
    await eventually(async () => expect(await editor.shownText()).toContain("two!"));
    await editor.saved();
    expect(await stored()).toBe(mixed.replace("two", "two!"));
  });

  it("does not block a newer release in another tab from the database of unsaved edits, and loses none of them", async () => {
    const { editor } = workspace;
    const { page } = editor;
    const state = page.locator(".save-state");
    const newer = await page.context().newPage();
    await newer.route("**/newer", (route) => route.fulfill({ contentType: "text/html", body: "" }));
    await newer.goto(`${stage.server.origin}/newer`);
    await page.bringToFront();
    await page.context().setOffline(true);
    await editor.focusEnd();
    await page.keyboard.type("before ");
    await eventually(async () => expect(await state.getAttribute("data-state")).toBe("unsaved-on-device"));
    const opened = await newer.evaluate(
      () =>
        new Promise<{ events: string[]; kept: number }>((resolve, reject) => {
          const events: string[] = [];
          const request = indexedDB.open("atelier-unsaved", 2);
          for (const type of ["blocked", "upgradeneeded"]) request.addEventListener(type, () => events.push(type));
          request.addEventListener("blocked", () => resolve({ events, kept: 0 }));
          const fail = () => reject(request.error ?? new Error("not read"));
          request.addEventListener("error", fail);
          request.addEventListener("success", () => {
            const count = request.result.transaction("updates").objectStore("updates").count();
            count.addEventListener("error", fail);
            count.addEventListener("success", () => resolve({ events, kept: count.result }));
          });
        }),
    );
    expect(opened.events).toEqual(["upgradeneeded"]);
    expect(opened.kept).toBeGreaterThan(0);
    // The page cannot store edits any more and says that they are in this page alone.
    await page.keyboard.type("after");
    await eventually(async () => expect(await state.textContent()).toMatch(/only in this page/u));
    await page.context().setOffline(false);
    await editor.saved();
    expect(await stored()).toBe(`${mixed.replace("two", "two!")}before after`);
  });
});
