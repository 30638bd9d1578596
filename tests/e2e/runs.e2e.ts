/** Runs: files that a program writes are added to the project, and a program that reads input is waited for. */
import { describe, expect, it } from "vitest";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { CHOSEN_TIER, setStage } from "../support/stage.ts";

const stage = setStage({ env: CHOSEN_TIER });

const PROGRAM = [
  "import os",
  "os.makedirs('out', exist_ok=True)",
  "open('out/table.csv', 'w').write('a,b\\n1,2\\n')",
  "open('out/dot.png', 'wb').write(bytes.fromhex('89504e470d0a1a0a'))",
  "os.symlink('/etc/passwd', 'link')",
  "print('written')",
].join("\n");

describe("runs as people use them", () => {
  it(
    "are links below the output, open as tabs, and are left alone once the owner says so",
    { timeout: 90_000 },
    async () => {
      await using editor = await EditorPage.open(stage.browser, stage.server.origin);
      const { page } = editor;
      await editor.editorReady();
      await editor.replaceAll(PROGRAM);
      await editor.runButton.click();
      const left = page.getByRole("region", { name: "Files of the run" });
      await left.waitFor({ timeout: 30_000 });
      expect(await left.textContent()).toContain("2 files written");
      expect(await left.textContent()).toContain("link was not kept: it is a link or a device");
      if (process.env["SHOW"] !== undefined) await page.screenshot({ path: process.env["SHOW"] });
      await left.getByRole("button", { name: "out/table.csv" }).click();
      await eventually(async () => expect(await editor.shownText()).toContain("1,2"), 15_000);

      await page.getByRole("tab", { name: /main\.py/u }).click();
      await left.getByRole("checkbox", { name: "Keep files that programs write" }).uncheck();
      await eventually(async () => expect(await left.getByRole("checkbox").isChecked()).toBe(false), 15_000);
      await editor.replaceAll("open('later.txt', 'w').write('x')\nprint('not kept')");
      await editor.runButton.click();
      await eventually(async () => expect(await left.textContent()).not.toContain("files written"), 30_000);
      expect(await page.getByRole("treeitem", { name: "later.txt" }).count()).toBe(0);
      expect(editor.faults).toEqual([]);
    },
  );

  it(
    "a program that waits for input shows the idle limit, and its time limit is paused",
    { timeout: 60_000 },
    async () => {
      await using editor = await EditorPage.open(stage.browser, stage.server.origin);
      const { page } = editor;
      await editor.editorReady();
      await editor.replaceAll("print('hello', input('Who? '))");
      await editor.runButton.click();
      await eventually(
        async () =>
          expect(await page.locator(".run-state").textContent()).toContain("Waiting for input · idle limit 10 min"),
        20_000,
      );
      if (process.env["SHOW_WAIT"] !== undefined) await page.screenshot({ path: process.env["SHOW_WAIT"] });
      await page.locator("#slot-output .xterm").click();
      await page.keyboard.type("Ada\n");
      await editor.outputContains("hello Ada");
      await editor.ended(/Finished/u);
    },
  );
});
