/** Behaviour of Atelier's page in which browsers differ: each of these was wrong in one of them. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JourneyPage } from "../support/browsers/journey-page.ts";
import type { Launch, Visitors } from "../support/browsers/visitors.ts";
import type { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { startServer, type TestServer } from "../support/server.ts";

type Visitor = EditorPage<JourneyPage>;

/** Describes them in a browser of one kind. */
export const describeDifferences = (launch: Launch): void => {
  describe("in this browser", () => {
    defineDifferences(launch);
  });
};

const defineDifferences = (launch: Launch): void => {
  let visitors: Visitors;
  let server: TestServer;
  let ada: Visitor;
  beforeAll(async () => {
    [visitors, server] = await Promise.all([launch(), startServer({ env: { SANDBOX: "namespaces" } })]);
    ada = await visitors.open(`${server.origin}/`);
    await ada.editorReady();
    await ada.replaceAll("print('here')\n");
    await eventually(async () => expect((await ada.address()).pathname).toContain("/p/"), 15_000);
    await ada.saved();
  }, 120_000);
  afterEach(() => ada.page.keyboard.press("Escape"));
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]();
    await visitors?.close();
    await server?.[Symbol.asyncDispose]();
  }, 60_000);

  /** The file's row, with the tree shown. */
  const fileRow = async () => {
    const row = ada.page.getByRole("treeitem", { name: "main.py" });
    if ((await row.count()) === 0) await ada.page.getByRole("button", { name: /files/iu }).first().click();
    await row.waitFor();
    return row;
  };
  const menu = () => ada.page.getByRole("menu", { name: "Actions for main.py" });
  const focused = () =>
    ada.page.evaluate(() => document.activeElement?.closest("[role=menuitem], [role=treeitem]")?.textContent ?? "");

  it("Run has its word after a run", async () => {
    await ada.run();
    await ada.ended(/exit 0|Finished/u);
    const width = await ada.runButton.evaluate((button) => {
      const range = document.createRange();
      range.selectNodeContents(button);
      const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
      let widest = 0;
      while (texts.nextNode()) {
        range.selectNodeContents(texts.currentNode);
        widest = Math.max(widest, range.getBoundingClientRect().width);
      }
      return widest;
    });
    expect(width).toBeGreaterThan(10);
  });

  it("the menu of a right click stays when the button is released, and has the keyboard", async () => {
    const row = await fileRow();
    await row.click({ button: "right" });
    await menu().waitFor();
    await eventually(async () => expect(await focused()).toContain("Rename"));
    // Nothing happens later: the page has rendered twice since.
    await ada.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(1)))),
    );
    expect(await menu().count()).toBe(1);
    const shadow = await menu().evaluate((element) => getComputedStyle(element).boxShadow);
    expect(shadow).toMatch(/rgb/u);
    await ada.page.keyboard.press("Escape");
    await menu().waitFor({ state: "hidden" });
    expect(await focused()).toContain("main.py");
  });

  it("Shift+F10 opens the row's menu", async () => {
    const row = await fileRow();
    await row.press("Shift+F10");
    await eventually(async () => expect(await focused()).toContain("Rename"));
    await ada.page.keyboard.press("Escape");
    await menu().waitFor({ state: "hidden" });
  });

  it("a drag of a tab that is given up leaves no mark", async () => {
    const marks = await ada.page.evaluate(async () => {
      const tab = document.querySelector(".tab-slot");
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("application/x-atelier-tab", "x");
      const tell = async (type: string) => {
        const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
        if (!event.dataTransfer?.types.length) Object.defineProperty(event, "dataTransfer", { value: dataTransfer });
        tab?.dispatchEvent(event);
        await new Promise((resolve) => setTimeout(resolve, 50));
        return document.querySelectorAll(".tab-slot[data-drop]").length;
      };
      return [await tell("dragover"), await tell("dragend")];
    });
    expect(marks).toEqual([1, 0]);
  });

  it("the find field is Monaco's own: its placeholder is left-aligned", async () => {
    await ada.focusEnd();
    await ada.page.keyboard.press("ControlOrMeta+F");
    const field = ada.page.locator("#editor .find-widget .find-part .input").first();
    await field.waitFor();
    expect(await field.evaluate((element) => getComputedStyle(element).textAlign)).not.toBe("center");
  });

  it("F1 opens the palette in every browser, and Escape gives the keyboard back to the code", async () => {
    await ada.focusEnd();
    await ada.page.keyboard.press("F1");
    const field = ada.page.getByRole("combobox", { name: "Commands" });
    await field.waitFor();
    await ada.page.keyboard.type("theme");
    expect(await field.inputValue()).toBe(">theme");
    await ada.page.keyboard.press("Escape");
    await field.waitFor({ state: "detached" });
    const inCode = () => ada.page.evaluate(() => document.activeElement?.closest("#editor") !== null);
    await eventually(async () => expect(await inCode()).toBe(true));
  });

  it("nothing is reported against the page", () => {
    expect(ada.faults).toEqual([]);
  });
};
