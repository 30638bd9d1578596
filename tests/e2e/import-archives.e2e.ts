/** Archives in the page: dropped, chosen, made a project of; large folders, which go the same way; and downloads. */
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { readZip } from "../../packages/server/src/modules/collaboration/live-files/test-zip.ts";
import { zipOf } from "../../packages/server/src/modules/collaboration/import/test-archives.ts";
import { setStage } from "../support/stage.ts";
import { openWorkspace, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage();

const workspace = async (files: WorkspaceOptions["files"]) => {
  const opened = await openWorkspace(stage.browser, stage.server.origin, { files });
  await opened.editor.editorReady();
  return opened;
};

const archive = zipOf([
  { name: "app-main/" },
  { name: "app-main/src/größe.py", content: "print(2)\n" },
  { name: "app-main/main.py", content: "print('new')\n" },
  { name: "app-main/node_modules/a/index.js", content: "x" },
  { name: "../outside.txt", content: "x" },
]);

/** Drops a file on the editor. */
const drop = (page: Page, name: string, bytes: Uint8Array): Promise<void> =>
  page.evaluate(
    ([called, content]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(content)], called));
      const target = document.querySelector("#editor");
      target?.dispatchEvent(new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true }));
      target?.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, [...bytes]] as const,
  );

describe("archives in the page", () => {
  it("a dropped zip is unpacked, the open file gets its new text, and the report lists what was skipped", async () => {
    await using ada = await workspace({ "main.py": "print('old')\n" });
    const { page } = ada.editor;
    await drop(page, "app-main.zip", archive);
    await page.getByText("app-main.zip: 2 files came in.").waitFor();
    await page.getByText("1 existing file got a new version.").waitFor();
    await page.getByText("What was skipped, and why").click();
    await page.getByText("../outside.txt: A path has no part named . or ...").waitFor();
    await page.getByText(/app-main\/node_modules: Tools make this folder/u).waitFor();
    expect(await ada.paths()).toEqual(expect.arrayContaining(["main.py", "src", "src/größe.py"]));
    await page.locator("#editor .view-lines", { hasText: "print('new')" }).waitFor();
    await page.getByRole("treeitem", { name: "src", exact: true }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });

  it("a file or a folder is downloaded from its menu, and the project becomes a new one from its own zip", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "lib/a.txt": "a", "lib/deep/b.txt": "b" });
    const { page } = ada.editor;
    const download = async (row: string, item: string): Promise<Buffer> => {
      await page.getByRole("treeitem", { name: row, exact: true }).click({ button: "right" });
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: item, exact: true }).click(),
      ]);
      return readFile(await saved.path());
    };
    expect((await download("main.py", "Download")).toString()).toBe("print(1)\n");
    const folder = await download("lib", "Download as zip");
    expect(
      readZip(folder)
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(["lib/a.txt", "lib/deep/b.txt"]);
    await page.getByRole("button", { name: /: projects$/u }).click();
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("menuitem", { name: "From an archive…" }).click(),
    ]);
    await chooser.setFiles({ name: "library.zip", mimeType: "application/zip", buffer: folder });
    await page.getByText("library.zip: 2 files came in.").waitFor();
    await page.getByRole("button", { name: "library: projects" }).waitFor();
    await page.getByRole("treeitem", { name: "lib", exact: true }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });

  it("many files go as one request, and a broken archive says what is wrong", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "other.py": "" });
    const { page } = ada.editor;
    const requests: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST") requests.push(new URL(request.url()).pathname.split("/").at(-1) ?? "");
    });
    await page.getByRole("button", { name: "Upload" }).click();
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("menuitem", { name: "Files", exact: true }).click(),
    ]);
    const long = `${"long-".repeat(30)}ü.txt`;
    const names = [long, ...Array.from({ length: 80 }, (_, at) => `file-${at}.txt`)];
    await chooser.setFiles(names.map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(`in ${name}`) })));
    await page.getByText("81 files: 81 files came in.").waitFor();
    expect(requests.filter((name) => name === "files")).toEqual([]);
    expect(requests.filter((name) => name === "import")).toHaveLength(1);
    const file = (await ada.call("GET", `/projects/${ada.project.id}/files?path=${encodeURIComponent(long)}`)) as {
      content: string;
    };
    expect(file.content).toBe(`in ${long}`);
    await drop(page, "broken.zip", archive.subarray(0, 200));
    await page.getByText(/broken\.zip was not unpacked\. The zip archive can't be read/u).waitFor();
  });
});
