/**
 * `npm run screenshots`: makes docs/images/ from the real product, so that no picture shows what is not there.
 * `npm run screenshots -- FOLDER`: makes pictures of all of the page's frame in a folder, to be looked at before a release.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../support/browser.ts";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server.ts";
import { PHONE, shootFrame } from "./frame.ts";

const [folderOfFrame] = process.argv.slice(2);
const FOLDER = folderOfFrame ?? fileURLToPath(new URL("../../docs/images/", import.meta.url));
const PROGRAM = `"""Conway's game of life, a few steps of a glider."""

from itertools import product

GLIDER = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}


def neighbours(cell):
    x, y = cell
    return {(x + dx, y + dy) for dx, dy in product((-1, 0, 1), repeat=2)} - {cell}


def step(alive):
    near = alive.union(*map(neighbours, alive))
    return {
        cell
        for cell in near
        if len(neighbours(cell) & alive) in ((2, 3) if cell in alive else (3,))
    }


cells = GLIDER
for generation in range(4):
    print(f"generation {generation}")
    for y in range(5):
        print(" ".join("●" if (x, y) in cells else "·" for x in range(5)))
    cells = step(cells)
`;

await mkdir(FOLDER, { recursive: true });
const browser = await launchBrowser();
const server = await startServer();
const shoot = async (page: EditorPage, name: string): Promise<void> => {
  // Long enough for fonts and the last transition; nothing is asserted on it.
  await page.page.waitForTimeout(500);
  await page.page.screenshot({ path: join(FOLDER, `${name}.png`) });
  process.stdout.write(`${join(FOLDER, name)}.png\n`);
};

const makeDocumentation = async (): Promise<void> => {
  for (const colorScheme of ["light", "dark"] as const) {
    await using ada = await EditorPage.open(browser, server.origin, { colorScheme, deviceScaleFactor: 1 });
    await ada.editorReady();
    await shoot(ada, `first-visit-${colorScheme}`);
    await ada.replaceAll(PROGRAM);
    await ada.saved();
    await ada.run();
    await ada.ended(/exit 0/u);
    await shoot(ada, `desktop-${colorScheme}`);
  }

  await using ada = await EditorPage.open(browser, server.origin, { colorScheme: "light" });
  await ada.editorReady();
  await ada.replaceAll(PROGRAM);
  await ada.saved();
  await ada.page.getByRole("button", { name: "Share" }).click();
  const dialog = ada.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create link that can edit" }).click();
  const link = await eventually(() => dialog.locator("input[readonly]").first().inputValue());
  await shoot(ada, "share");
  await ada.page.keyboard.press("Escape");
  await using grace = await EditorPage.open(browser, link, { colorScheme: "light" });
  await grace.editorReady();
  await grace.page.locator("#editor .view-lines").click({ position: { x: 220, y: 170 } });
  await grace.page.keyboard.press("Shift+End");
  await ada.page.locator("#editor .view-lines").click({ position: { x: 300, y: 320 } });
  await grace.page.keyboard.press("Shift+ArrowLeft");
  await shoot(ada, "two-cursors");

  const command = async (words: string): Promise<void> => {
    await ada.page.keyboard.press("F1");
    await ada.page.keyboard.type(words);
    await ada.page.getByRole("option", { selected: true }).waitFor();
  };
  await command("new");
  await shoot(ada, "palette");
  await ada.page.keyboard.press("Escape");
  await ada.page.keyboard.press("ControlOrMeta+,");
  await ada.page.getByRole("dialog", { name: "Settings" }).waitFor();
  await shoot(ada, "settings");
  await ada.page.keyboard.press("Escape");

  await ada.replaceAll(
    'def load(path):\n    return open(path).read()\n\n\nprint("reading the settings")\nload("settings.toml")\n',
  );
  await ada.run();
  await ada.ended(/exit 1/u);
  await ada.page.locator(".exit-line").hover();
  await shoot(ada, "error");

  await command("compare with an older");
  await ada.page.keyboard.press("Enter");
  await ada.page.locator(".comparison .diffEditor, .comparison .monaco-diff-editor").first().waitFor();
  await shoot(ada, "comparison");
  await ada.page.keyboard.press("Escape");
  await command("output below");
  await ada.page.keyboard.press("Enter");
  await ada.page.emulateMedia({ colorScheme: "dark" });
  await shoot(ada, "output-below");
  await ada.page.emulateMedia({ colorScheme: "light" });
  await command("output beside");
  await ada.page.keyboard.press("Enter");
  await ada.page.setViewportSize({ width: 820, height: 1180 });
  await shoot(ada, "tablet");
  await ada.page.setViewportSize({ width: 1280, height: 800 });

  for (const colorScheme of ["light", "dark"] as const) {
    await using phone = await EditorPage.open(browser, server.origin, { ...PHONE, colorScheme });
    await phone.editorReady();
    await shoot(phone, `phone-${colorScheme}`);
    if (colorScheme === "light") {
      await phone.page.locator("#editor .view-lines").tap();
      await phone.page.getByRole("toolbar", { name: "Keys" }).waitFor();
      await shoot(phone, "phone-keys");
      await phone.run();
      await phone.page.waitForTimeout(2000);
      await shoot(phone, "phone-output");
    }
  }

  await server.crash();
  await ada.focusEnd();
  await ada.page.keyboard.type("# typed while the server is away");
  await ada.page.waitForTimeout(1500);
  await shoot(ada, "offline");
};

try {
  if (folderOfFrame === undefined) await makeDocumentation();
  else {
    for (const colorScheme of ["light", "dark"] as const) {
      const shootThis = (page: EditorPage, name: string): Promise<void> => shoot(page, `${name}-${colorScheme}`);
      await shootFrame({ browser, origin: server.origin, colorScheme, shoot: shootThis });
    }
  }
} finally {
  await browser.close();
  await server[Symbol.asyncDispose]();
}
