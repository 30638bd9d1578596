/** What others' edits and cursors do to the view of a user who reads and types in the same file. */
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { eventually } from "../support/eventually.ts";
import { setStage } from "../support/stage.ts";
import { openStockClient } from "../support/stock-client.ts";
import { openWorkspace } from "../support/workspace.ts";

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
