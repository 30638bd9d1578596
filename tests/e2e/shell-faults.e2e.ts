/** Faults around the editor: code, events or a run's stream that do not arrive, and how the page handles them. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createLink, setPeople } from "../support/people.ts";
import { setStage } from "../support/stage.ts";
import { PROJECT_SOCKET, type Tapped, tapChannels } from "../support/tap-channels.ts";
import { openWorkspace, type WorkspaceOptions } from "../support/workspace.ts";

const stage = setStage();

const openProject = (files: WorkspaceOptions["files"], before?: WorkspaceOptions["before"]) =>
  openWorkspace(stage.browser, stage.server.origin, { files, ...(before && { before }) });
const workspace = async (...args: Parameters<typeof openProject>) => {
  const opened = await openProject(...args);
  await opened.editor.editorReady();
  return opened;
};

/** Something that others wait for. */
const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

const row = (page: Page, name: string) => page.getByRole("treeitem", { name, exact: true });

describe("sharing without the server", () => {
  it("shows one message, and continues after a retry", async () => {
    await using ada = await workspace({ "main.py": "" });
    const { page } = ada.editor;
    await page.route(/\/(?:links|members)/u, (route) => route.abort());
    await page.getByRole("button", { name: "Share" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("The server can't be reached").waitFor();
    expect(await dialog.getByText("The server can't be reached").count()).toBe(1);
    await page.unrouteAll();
    await dialog.getByRole("button", { name: "Try again" }).click();
    await dialog.getByRole("button", { name: "Create link that can edit" }).waitFor();
    await dialog.getByText("(you)").waitFor();
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("code that does not come", () => {
  it.each([
    ["share-dialog", "Share", "Share Workshop"],
    ["account-dialog", "Log in", "Log in"],
  ])("%s: says so, leaves the page as it was, and comes when it is asked for again", async (chunk, button, title) => {
    await using ada = await workspace({ "main.py": "print(1)\n", "b.py": "" });
    const { page } = ada.editor;
    await page.route(new RegExp(`/assets/${chunk}`, "u"), (route) => route.abort());
    if (button === "Log in") {
      await page.getByRole("button", { name: /^Account/u }).click();
      await page.getByRole("menuitem", { name: button }).click();
    } else await page.getByRole("button", { name: button }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "This part could not be loaded" }).waitFor();
    await dialog.getByRole("button", { name: "Reload" }).waitFor();
    expect(await row(page, "b.py").count()).toBe(1);

    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.closest("button")?.ariaLabel)).toMatch(
      /^(Share|Account)/u,
    );
    await row(page, "b.py").click();
    if (button === "Log in") {
      await page.getByRole("button", { name: /^Account/u }).click();
      await page.getByRole("menuitem", { name: button }).click();
    } else await page.getByRole("button", { name: button }).click();
    await dialog.getByRole("heading", { name: "This part could not be loaded" }).waitFor();

    await page.unrouteAll();
    await dialog.getByRole("button", { name: "Try again" }).click();
    await dialog.getByRole("heading", { name: title }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("a fault of the page itself", () => {
  it("disables one part with a message there; the others work", async () => {
    await using ada = await openProject({ "main.py": "", "b.py": "" }, (page) =>
      tapChannels(page, "events", {
        textToPage(text) {
          // A person without a name is more than the avatars in the bar can draw.
          const frame = JSON.parse(text) as { event: { presence?: unknown[] } };
          frame.event.presence?.push({ connectionId: "x", user: { id: "x" }, role: "editor", fileId: null });
          return JSON.stringify(frame);
        },
      }),
    );
    const { page } = ada.editor;
    await page.locator("#slot-bar").getByText("This part has failed").waitFor();
    await ada.editor.editorReady();
    await ada.editor.replaceAll("print('still here')\n");
    await eventually(async () =>
      expect(await ada.call("GET", `/projects/${ada.project.id}/files?path=main.py`)).toMatchObject({
        content: "print('still here')\n",
      }),
    );
    await row(page, "b.py").click();
    await eventually(async () => expect(await page.getByRole("tab").count()).toBe(2));
    expect(ada.editor.faults).toEqual([]);
  });

  it("that is everywhere leaves the editor, which saves, and a way to load the page anew", async () => {
    await using ada = await openProject({ "main.py": "" }, (page) =>
      page.route(/\/p\//u, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: (await response.text()).replace('id="slot-bottom"', 'id="other"') });
      }),
    );
    const { page } = ada.editor;
    await page.getByText("The page around the editor has failed").waitFor();
    await ada.editor.editorReady();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Reload" }).click();
    await page.getByRole("tab", { name: "main.py" }).waitFor();
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("the tree", () => {
  it("shows files that were created between the page's response and its first event", async () => {
    const [asked, connected] = [gate(), gate()];
    await using ada = await openProject({ "main.py": "", "b.py": "" }, (page) =>
      page.routeWebSocket(PROJECT_SOCKET, async (socket) => {
        asked.open();
        await connected.opened;
        socket.connectToServer();
      }),
    );
    const { page } = ada.editor;
    await asked.opened;
    await ada.call("POST", `/projects/${ada.project.id}/files`, { path: "meanwhile.py", content: "" });
    connected.open();
    await row(page, "meanwhile.py").waitFor();
    expect(ada.editor.faults).toEqual([]);
  });

  it("keeps files that are created while it is read again", async () => {
    const [asked, answered] = [gate(), gate()];
    await using ada = await openProject({ "main.py": "", "b.py": "" }, (page) =>
      page.route(/\/tree$/u, async (route) => {
        const response = await route.fetch();
        asked.open();
        await answered.opened;
        await route.fulfill({ response });
      }),
    );
    const { page } = ada.editor;
    await asked.opened;
    await ada.call("POST", `/projects/${ada.project.id}/files`, { path: "meanwhile.py", content: "" });
    await row(page, "meanwhile.py").click();
    const whole = page.waitForResponse(/\/tree$/u);
    answered.open();
    await (await whole).finished();
    // A later file is shown: by then the page has taken in the tree that it asked for before.
    await ada.call("POST", `/projects/${ada.project.id}/files`, { path: "later.py", content: "" });
    await row(page, "later.py").waitFor();
    expect(await row(page, "meanwhile.py").count()).toBe(1);
    expect(await page.getByText("was deleted").count()).toBe(0);
    expect(await page.getByRole("tab", { name: "meanwhile.py" }).getAttribute("aria-selected")).toBe("true");
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("an open project", () => {
  it("has one socket for two files, events and a run, and one again after it was lost: nothing of them is lost", async () => {
    const sockets: { close(options: { code: number }): Promise<void> }[] = [];
    const files = { "main.py": "print('begun', flush=True)\nprint(input())\n", "b.py": "" };
    await using ada = await workspace(files, (page) =>
      page.routeWebSocket(/\/api\//u, (socket) => {
        socket.connectToServer();
        sockets.push(socket);
      }),
    );
    const { page } = ada.editor;
    await ada.editor.run();
    await ada.editor.outputContains("begun");
    await row(page, "b.py").click();
    await ada.editor.replaceAll("# typed");
    await ada.editor.saved();
    expect(sockets).toHaveLength(1);

    await sockets[0]?.close({ code: 1012 });
    await ada.editor.focusEnd();
    await page.keyboard.type(" while away");
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("the end\n");
    await ada.editor.ended(/exit 0/u);
    await ada.editor.outputContains("begun\nthe end\nthe end");
    await eventually(async () =>
      expect(await ada.call("GET", `/projects/${ada.project.id}/files?path=b.py`)).toMatchObject({
        content: "# typed while away",
      }),
    );
    await ada.call("POST", `/projects/${ada.project.id}/files`, { path: "later.py", content: "" });
    await row(page, "later.py").waitFor();
    expect(sockets).toHaveLength(2);
    expect(ada.editor.faults).toEqual([]);
  });

  it("the file tree: its pane says so, files can be opened all the same, and it comes when it is asked for again", async () => {
    await using ada = await workspace({ "main.py": "print(1)\n", "b.py": "" }, (page) =>
      page.route(/\/assets\/file-tree-/u, (route) => route.abort()),
    );
    const { page } = ada.editor;
    const pane = page.locator("#slot-files");
    await pane.getByText("This part has failed.").waitFor();
    await page.keyboard.press("ControlOrMeta+P");
    await page.keyboard.type("b.py");
    await page.getByRole("option", { selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "b.py", selected: true }).waitFor();
    await page.unrouteAll();
    await pane.getByRole("button", { name: "Try again" }).click();
    await row(page, "b.py").waitFor();
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("a run", () => {
  it("shows how it ended, however much it printed before its terminal was there, and says what is left out", async () => {
    const program = "import sys\nsys.stdout.write(('x' * 79 + chr(10)) * 64_000)\nraise ValueError('the very end')\n";
    const loaded = gate();
    await using ada = await workspace({ "main.py": program }, (page) =>
      page.route(/\/assets\/console-parts-[^/]+\.js/u, async (route) => {
        await loaded.opened;
        await route.continue();
      }),
    );
    await ada.editor.run();
    await ada.editor.ended(/exit 1/u, 60_000);
    loaded.open();
    await eventually(
      async () =>
        expect(await ada.editor.page.locator("#slot-output .xterm-rows").innerText()).toContain("the very end"),
      30_000,
    );
    expect(ada.editor.faults).toEqual([]);
  });

  it("whose stream is lost continues, can be stopped, and shows all of its output when the stream is connected again", async () => {
    const program = "import time\nprint('begun', flush=True)\ntime.sleep(6)\nprint('done')\n";
    let isCut = false;
    const taps: Tapped[] = [];
    await using ada = await workspace({ "main.py": program }, async (opening) =>
      taps.push(await tapChannels(opening, "run", { refuse: () => (isCut ? 4500 : undefined) })),
    );
    const { page } = ada.editor;
    await ada.editor.run();
    await ada.editor.outputContains("begun");
    isCut = true;
    for (const tap of taps) tap.closeAll(4500);
    await page.getByText("Connection lost, reconnecting").waitFor();
    expect(await ada.editor.output()).toContain("begun");
    expect(await page.getByRole("button", { name: "Stop" }).first().isEnabled()).toBe(true);
    isCut = false;
    await ada.editor.ended(/exit 0/u, 30_000);
    await ada.editor.outputContains("begun\ndone");
    expect(await page.getByText("Connection lost").count()).toBe(0);
    expect(ada.editor.faults).toEqual([]);
  });
});

describe("a friend", () => {
  const people = setPeople(stage);

  it("a viewer sees a run to its end, and is not asked for input", async () => {
    const ada = await people.visitAndType("print(input('Name? '))\n");
    const bob = await people.visit(await createLink(ada.page, "viewer"));
    await bob.editorReady();
    await ada.page.keyboard.press("Escape");
    await ada.run();
    await bob.outputContains("Name?");
    await bob.page.getByText("Waiting for input").waitFor();
    expect(await bob.page.locator(".input-keys").count()).toBe(0);
    await ada.page.locator(".xterm-helper-textarea").focus();
    await ada.page.keyboard.type("Ada\n");
    await ada.ended(/exit 0/u);
    await bob.ended(/exit 0/u);
    await bob.outputContains("Ada");
    expect(people.faults()).toEqual([]);
  });

  it("a user who opens a share link sees placeholders while the project loads, and never that no file is open", async () => {
    const ada = await people.visitAndType("shared\n");
    const path = await createLink(ada.page, "editor");
    const [accepted, asked, remembered] = [gate(), gate(), gate()];
    const before: WorkspaceOptions["before"] = async (opening) => {
      await opening.addInitScript(() => {
        const seen = new Set<string>();
        Object.assign(globalThis, { seen });
        addEventListener("DOMContentLoaded", () => {
          new MutationObserver(() => {
            for (const title of document.querySelectorAll(".cover h2")) seen.add(title.textContent ?? "");
          }).observe(document, { subtree: true, childList: true });
        });
      });
      await opening.route(/\/accept/u, async (route) => {
        await accepted.opened;
        await route.continue();
      });
      await opening.route(/\/editor-state/u, async (route) => {
        asked.open();
        await remembered.opened;
        await route.continue();
      });
    };
    const { page } = await people.visit(path, { before });
    await page.getByText("Opening the project").waitFor();
    expect(await page.locator("#editor").evaluate((editor) => (editor as HTMLElement).inert)).toBe(false);
    const tree = page.waitForResponse(/\/tree$/u);
    accepted.open();
    // The page has the project and has drawn again, but does not know which files were open.
    await Promise.all([asked.opened, (await tree).finished()]);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    remembered.open();
    await page.getByRole("tab", { name: "main.py" }).waitFor();
    expect(await page.evaluate(() => [...(globalThis as unknown as { seen: Set<string> }).seen])).toEqual([]);
    expect(people.faults()).toEqual([]);
  });
});

describe("saving", () => {
  it("moves nothing in the tabs while it is in progress", async () => {
    let sent = 0;
    await using ada = await workspace({ "main.py": "" }, (page) =>
      tapChannels(page, "document", {
        fromPage() {
          sent += 1;
          // What is typed is on its way for as long as the test looks.
          return sent < 3;
        },
      }),
    );
    const { page } = ada.editor;
    await ada.editor.saved();
    const box = () => page.getByRole("button", { name: "New file" }).last().boundingBox();
    const before = await box();
    await page.locator("#editor .view-lines").click();
    await page.keyboard.type("unsaved");
    await page.locator(".tab-dot").waitFor();
    expect(await box()).toEqual(before);
    expect(ada.editor.faults).toEqual([]);
  });

  it("is what Ctrl+S asks about, and the browser's own dialog stays away", async () => {
    await using ada = await workspace({ "main.py": "" });
    const { page } = ada.editor;
    await ada.editor.saved();
    const isTaken = (selector: string): Promise<boolean> =>
      page.locator(selector).evaluate((element) => {
        const event = new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true, cancelable: true });
        element.dispatchEvent(event);
        return event.defaultPrevented;
      });
    expect(await isTaken("body")).toBe(true);
    await page.getByRole("status").getByText("Saved").first().waitFor();
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await isTaken("dialog")).toBe(true);
    expect(ada.editor.faults).toEqual([]);
  });
});
