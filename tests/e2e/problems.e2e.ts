/** Type errors: shown as problems of the shown file, across files, and never preventing a run. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Page } from "playwright-core";
import type { ShareLink } from "@atelier/contracts";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { CHOSEN_TIER, setStage } from "../support/stage.ts";
import { openWorkspace } from "../support/workspace.ts";

const stage = setStage({ env: CHOSEN_TIER });
const SAMPLE = readFileSync(new URL("../../languages/typescript/main.ts", import.meta.url), "utf8");
const FIRST_CHECK_MS = 90_000;

const button = (page: Page) => page.getByRole("button", { name: /^\d+ problems? in this file$/u });
const countIs = (page: Page, words: string, timeoutMs = 30_000): Promise<void> =>
  eventually(async () => expect(await button(page).allTextContents()).toEqual(words === "" ? [] : [words]), timeoutMs);
const squiggles = (page: Page) => page.locator("#editor .squiggly-error");
/** The underlines are drawn a frame after the count is shown. */
const underlined = (page: Page, count: number): Promise<void> =>
  eventually(async () => expect(await squiggles(page).count()).toBe(count));
const open = async (page: Page, name: string): Promise<void> => {
  await page.getByRole("treeitem", { name, exact: true }).click();
  await page.getByRole("tab", { name, selected: true }).waitFor();
};
const checkersIn = (page: Page): number =>
  page.workers().filter((worker) => worker.url().includes("type-checker")).length;

it("marks type errors at their lines, across files, lists them, and lets the program run", async () => {
  await using ada = await openWorkspace(stage.browser, stage.server.origin, {
    files: {
      "a.js": 'const n = 1;\nn.nothing("x");\n',
      "main.ts": 'import { f } from "./util";\nconsole.log("ran", f("one"));\nconst n: number = "x";\n',
      "sample.ts": SAMPLE,
      "util.ts": "export const f = (n: number): number => n;\n",
    },
    query: "?file=a.js",
  });
  const { editor } = ada;
  const { page } = editor;
  await editor.editorReady();
  await ada.listening();
  expect(checkersIn(page)).toBe(0);

  await open(page, "main.ts");
  await countIs(page, "2 problems", FIRST_CHECK_MS);
  expect(checkersIn(page)).toBe(1);
  await underlined(page, 2);
  // The text is drawn over the underline.
  const box = await squiggles(page).last().boundingBox();
  await page.mouse.move((box?.x ?? 0) + 3, (box?.y ?? 0) + 3, { steps: 4 });
  await page.getByText("Type 'string' is not assignable to type 'number'.").first().waitFor();

  // By keyboard only: to the list, to the second problem, and to its position.
  await button(page).focus();
  await page.keyboard.press("Enter");
  const items = page.getByRole("menuitem");
  await items.first().waitFor();
  expect(await items.allTextContents()).toEqual([
    "Argument of type 'string' is not assignable to parameter of type 'number'.Line 2",
    "Type 'string' is not assignable to type 'number'.Line 3",
  ]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await eventually(async () =>
    expect(await page.evaluate(() => document.activeElement?.closest("#editor") !== null)).toBe(true),
  );
  await page.keyboard.press("ControlOrMeta+X");
  await countIs(page, "1 problem");
  await page.getByRole("status").filter({ hasText: "1 problem" }).waitFor({ state: "attached" });

  // Viewers see problems too.
  const link = (await ada.call("POST", `/projects/${ada.project.id}/links`, { role: "viewer" })) as ShareLink;
  await using reader = await EditorPage.open(stage.browser, new URL(link.url ?? "", stage.server.origin).href);
  await reader.page.getByRole("treeitem", { name: "main.ts", exact: true }).click();
  await countIs(reader.page, "1 problem", FIRST_CHECK_MS);

  await editor.run();
  await editor.outputContains("ran one");
  await countIs(page, "1 problem");

  // Another user's changes of the other file are checked again.
  await ada.call("PUT", `/projects/${ada.project.id}/files`, {
    path: "util.ts",
    content: "export const f = (n: string): string => n;\n",
  });
  await countIs(page, "");
  await underlined(page, 0);

  // The sample has no problem of its own; one that is added to it is the only one.
  await open(page, "sample.ts");
  await editor.focusEnd();
  await page.keyboard.insertText('\nconst wrong: boolean = "x";\n');
  await countIs(page, "1 problem");
  await button(page).click();
  expect(await items.allTextContents()).toEqual([
    `Type 'string' is not assignable to type 'boolean'.Line ${SAMPLE.split("\n").length + 1}`,
  ]);
  await page.keyboard.press("Escape");

  await open(page, "a.js");
  await countIs(page, "");
  await open(page, "sample.ts");
  await countIs(page, "1 problem");
  expect(editor.faults).toEqual([]);
});
