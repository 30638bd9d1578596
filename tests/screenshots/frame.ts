/** Pictures of the page's frame: empty and full, on a desktop, a tablet and a phone, and all that opens over it, in one theme. */
import type { Browser } from "playwright-core";
import type { EditorPage } from "../support/editor-page.ts";
import { openWorkspace, type Workspace } from "../support/workspace.ts";

export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const DESKTOP = { width: 1280, height: 800 };
const TABLET = { width: 820, height: 1180 };

const FILES = {
  "main.py": `from shapes.circle import area
from shapes.square import Square

print("What is the radius?")
radius = float(input("> "))
print(f"A circle of radius {radius:g} covers {area(radius):.2f}.")

side = Square(radius)
print(f"The square around it covers {side.area():.2f}.")
`,
  "shapes/circle.py":
    'from math import pi\n\n\ndef area(radius):\n    """The area of a circle."""\n    return pi * radius**2\n',
  "shapes/square.py": `class Square:
    def __init__(self, radius):
        self.side = 2 * radius

    def area(self):
        return self.side**2
`,
  "web/page.html": "<!doctype html>\n<title>Shapes</title>\n",
  "web/style.css": "main {\n  color: teal;\n}\n",
  "data.json": '{ "radius": 2 }\n',
  "notes.md": "# Shapes\n\nWhat is left to do.\n",
};

export type Shoot = (page: EditorPage, name: string) => Promise<void>;
export type FrameOptions = {
  readonly browser: Browser;
  readonly origin: string;
  readonly colorScheme: "light" | "dark";
  readonly shoot: Shoot;
};

const command = async ({ page }: EditorPage, words: string): Promise<void> => {
  await page.keyboard.press("F1");
  await page.keyboard.type(words);
  await page.getByRole("option", { selected: true }).waitFor();
};

/** What opens over a project, and its two groups. */
const shootParts = async ({ editor, call, project }: Workspace, shoot: Shoot): Promise<void> => {
  const { page } = editor;
  await command(editor, "file");
  await shoot(editor, "palette");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ControlOrMeta+P");
  await page.keyboard.type("sha");
  await page.getByRole("option", { selected: true }).waitFor();
  await shoot(editor, "quick-open");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ControlOrMeta+,");
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
  await shoot(editor, "settings");
  await page.keyboard.press("Escape");

  const changed = FILES["main.py"].replace("What is the radius?", "How large is it?").replace("side = ", "square = ");
  await call("PUT", `/projects/${project.id}/files`, { path: "main.py", content: changed });
  await command(editor, "compare with an older");
  await page.keyboard.press("Enter");
  await page.locator(".comparison .line-insert").first().waitFor();
  await shoot(editor, "comparison");
  await page.getByRole("button", { name: "Close the comparison" }).click();

  await editor.focusEnd();
  await page.keyboard.press("ControlOrMeta+\\");
  await page.locator("#editor-beside .view-line").first().waitFor();
  await page.keyboard.press("ControlOrMeta+P");
  await page.keyboard.type("circle");
  await page.getByRole("option", { selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "circle.py", selected: true }).waitFor();
  await shoot(editor, "two-groups");
};

const shootPhone = async ({ editor }: Workspace, shoot: Shoot): Promise<void> => {
  const { page } = editor;
  await editor.editorReady();
  await editor.saved();
  await shoot(editor, "phone-project");
  await page.getByRole("button", { name: "Files", exact: true }).click();
  await page.getByRole("treeitem", { name: "shapes" }).click();
  await shoot(editor, "phone-files");
  await page.getByRole("button", { name: "Code", exact: true }).click();
  await page.getByRole("button", { name: /^account/iu }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
  await shoot(editor, "phone-settings");
};

export const shootFrame = async ({ browser, origin, colorScheme, shoot }: FrameOptions): Promise<void> => {
  await using empty = await openWorkspace(browser, origin, { files: {}, colorScheme, viewport: DESKTOP });
  await empty.editor.page.getByRole("heading", { name: "This project is empty" }).waitFor();
  await shoot(empty.editor, "empty-desktop");
  await empty.editor.page.setViewportSize(TABLET);
  await shoot(empty.editor, "empty-tablet");
  await using emptyPhone = await openWorkspace(browser, origin, { files: {}, colorScheme, ...PHONE });
  await emptyPhone.editor.page.getByRole("heading", { name: "This project is empty" }).waitFor();
  await shoot(emptyPhone.editor, "empty-phone");

  await using full = await openWorkspace(browser, origin, {
    files: FILES,
    query: "?file=main.py",
    colorScheme,
    viewport: DESKTOP,
  });
  const { editor } = full;
  await editor.editorReady();
  await editor.saved();
  await editor.page.getByRole("treeitem", { name: "shapes" }).click();
  await editor.page.getByRole("treeitem", { name: "notes.md" }).click();
  await editor.page.getByRole("tab", { name: "main.py" }).click();
  await editor.run();
  await editor.page.locator(".run-state[data-waits]").waitFor();
  await shoot(editor, "full-desktop");
  await editor.page.keyboard.type("2.5\n");
  await editor.ended(/exit 0/u);
  await editor.page.setViewportSize(TABLET);
  await shoot(editor, "full-tablet");
  await editor.page.setViewportSize(DESKTOP);
  await shootParts(full, shoot);
  await using phone = await openWorkspace(browser, origin, {
    files: FILES,
    query: "?file=main.py",
    colorScheme,
    ...PHONE,
  });
  await shootPhone(phone, shoot);
};
