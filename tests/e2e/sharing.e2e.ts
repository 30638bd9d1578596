/** Sharing a project and ending it: links, roles and members, as both sides see it at the same time. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CLOSE, type Entry, type File, type Project } from "@atelier/contracts";
import { signInAsGuest } from "../support/client.ts";
import type { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { forgedUpdate } from "../support/forged-update.ts";
import { createLink, nameOn, setPeople, tokenOf } from "../support/people.ts";
import { setStage } from "../support/stage.ts";
import { tapChannels } from "../support/tap-channels.ts";

const stage = setStage();
const people = setPeople(stage);

const api = async <T>(token: string, path: string): Promise<T> => {
  const answer = await fetch(`${stage.server.origin}/api${path}`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
};

/** The page's project and its one file, by the page's own rights. */
const projectOf = async (page: EditorPage): Promise<{ token: string; projectId: string; fileId: string }> => {
  const token = await tokenOf(page.page);
  const { items } = await api<{ items: Project[] }>(token, "/projects");
  const here = await page.slug();
  const projectId = items.find(({ slug }) => slug === here)?.id ?? "";
  const { entries } = await api<{ entries: Entry[] }>(token, `/projects/${projectId}/tree`);
  return { token, projectId, fileId: entries[0]?.id ?? "" };
};

const textOf = async ({ token, projectId }: { token: string; projectId: string }): Promise<string> =>
  (await api<File>(token, `/projects/${projectId}/files?path=main.py`)).content ?? "";

/** A friend who joined by a link has the text, and so may type. */
const hasText = async (friend: EditorPage): Promise<void> => {
  await friend.editorReady();
  await eventually(async () => expect(await friend.shownText()).toContain("shared"), 15_000);
};

/** Waits until the typed text has reached the server; the page shows it one frame later. */
const stored = (of: { token: string; projectId: string }, text: string): Promise<void> =>
  eventually(async () => expect(await textOf(of)).toBe(text), 15_000);

/** A socket that a script opens, beside the page's own. */
const openScriptSocket = async (of: { token: string; projectId: string; fileId: string }) => {
  const address = `${stage.server.origin.replace("http", "ws")}/api/collaborate/${of.projectId}/${of.fileId}?token=${of.token}`;
  const socket = new WebSocket(address);
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  return { send: () => socket.send(forgedUpdate("forged")), closed };
};

const shareDialog = (owner: EditorPage) => owner.page.getByRole("dialog");
const lost = (of: EditorPage) => of.page.getByRole("heading", { name: "You have no access to Python sketch any more" });

describe("a share link", () => {
  it("is created, copied, counts the users who join by it, and gives them its role", async () => {
    const ada = await people.visitAndType("shared\n");
    await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const path = await createLink(ada.page, "viewer");
    const dialog = shareDialog(ada);
    await dialog.getByRole("button", { name: "Copy link that can view" }).click();
    await dialog.getByRole("button", { name: "Copied" }).waitFor();
    expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(`${stage.server.origin}${path}`);
    // One row per role, whether there is a link or not; an existing link is shown whenever the dialog is opened.
    const links = dialog.getByRole("list", { name: "Links" }).getByRole("listitem");
    expect(await links.allInnerTexts()).toEqual([
      expect.stringContaining("A link that can edit"),
      expect.stringContaining("Anyone with the link can view"),
    ]);
    await ada.page.reload();
    expect(await createLink(ada.page, "viewer")).toBe(path);

    const eve = await people.visit(path);
    await hasText(eve);
    const name = await nameOn(eve.page);
    await dialog.getByRole("combobox", { name: `What ${name} may do` }).waitFor();
    await eventually(async () => expect(await links.last().innerText()).toContain("1 person"));
    const owner = dialog.getByRole("list", { name: "People" }).getByRole("listitem").filter({ hasText: "(you)" });
    expect(await owner.innerText()).toContain("Owner");
    expect(await owner.getByRole("combobox").count()).toBe(0);
    expect(await owner.getByRole("button").count()).toBe(0);

    await eve.page.getByText("View only").first().waitFor();
    await eve.page.getByRole("button", { name: "Share" }).click();
    await shareDialog(eve).getByText("You can view this project.").waitFor();
    expect(
      await shareDialog(eve)
        .getByRole("button", { name: /^Create link/u })
        .count(),
    ).toBe(0);
    expect(await shareDialog(eve).getByRole("combobox").count()).toBe(0);
    expect(people.faults()).toEqual([]);
  });

  it("that is revoked removes its members at once, and offers them their unsaved text", async () => {
    const ada = await people.visitAndType("shared\n");
    const path = await createLink(ada.page, "editor");
    // What Bob types while this is true stays on its way.
    let isPaused = false;
    const before = async (page: Page): Promise<void> => {
      await tapChannels(page, "document", { fromPage: () => !isPaused });
    };
    const bob = await people.visit(path, { before });
    await hasText(bob);
    await bob.focusEnd();
    await bob.page.keyboard.type("from Bob");
    const rights = await projectOf(bob);
    await stored(rights, "shared\nfrom Bob");
    await bob.saved();
    const scripted = await openScriptSocket(rights);
    isPaused = true;
    await bob.page.keyboard.type(" and on its way");

    const dialog = shareDialog(ada);
    await dialog.getByRole("button", { name: /^Revoke the link that can edit, 1 person/u }).click();
    await dialog.getByText("The link that can edit will stop working, and 1 person will lose access.").waitFor();
    await dialog.getByRole("button", { name: "Revoke", exact: true }).click();

    await lost(bob).waitFor();
    expect(await bob.page.getByRole("list", { name: "People here" }).count()).toBe(0);
    scripted.send();
    expect(await scripted.closed).toBe(CLOSE.rightsTaken);
    await bob.page.getByText("could not be saved there").waitFor();
    const [download] = await Promise.all([
      bob.page.waitForEvent("download"),
      bob.page.getByRole("button", { name: "Download" }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe("shared\nfrom Bob and on its way");
    expect(download.suggestedFilename()).toBe("main.py");

    await dialog.getByRole("button", { name: "Create link that can edit" }).waitFor();
    expect(await dialog.getByRole("list", { name: "People" }).getByRole("listitem").count()).toBe(1);
    expect(await textOf(await projectOf(ada))).toBe("shared\nfrom Bob");
    await bob.page.goto(`${stage.server.origin}${path}`);
    await bob.page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
    expect(people.faults()).toEqual([]);
  });
});

describe("a member", () => {
  it("becomes a viewer and an editor again while typing, with a message", async () => {
    const ada = await people.visitAndType("shared\n");
    const bob = await people.visit(await createLink(ada.page, "editor"));
    await hasText(bob);
    await bob.focusEnd();
    await bob.page.keyboard.type("one");
    const rights = await projectOf(bob);
    await stored(rights, "shared\none");
    await bob.saved();
    const role = shareDialog(ada).getByRole("combobox", { name: `What ${await nameOn(bob.page)} may do` });
    await role.selectOption("viewer");
    await bob.page.getByText("You can only view this project now.").waitFor();
    await eventually(async () =>
      expect(await bob.page.locator(".save-state").getAttribute("data-state")).toBe("read-only"),
    );
    await bob.page.keyboard.type("NOT THIS");
    expect(await bob.shownText()).not.toContain("NOT");
    const scripted = await openScriptSocket(rights);
    scripted.send();
    expect(await scripted.closed).toBe(CLOSE.rightsTaken);

    await role.selectOption("editor");
    await bob.page.getByText("You can edit this project now.").waitFor();
    expect(await bob.page.getByText("You can only view this project now.").count()).toBe(0);
    await bob.saved();
    await bob.focusEnd();
    await bob.page.keyboard.type(" two");
    await stored(rights, "shared\none two");
    expect(people.faults()).toEqual([]);
  });

  it("is removed by the owner, and another leaves; the owner is asked first", async () => {
    const ada = await people.visitAndType("shared\n");
    const path = await createLink(ada.page, "editor");
    const [bob, eve] = [await people.visit(path), await people.visit(path)];
    await Promise.all([hasText(bob), hasText(eve)]);
    const dialog = shareDialog(ada);
    const name = await nameOn(bob.page);
    await dialog.getByRole("button", { name: `Remove ${name}` }).click();
    await dialog.getByRole("button", { name: "Keep" }).click();
    await dialog.getByRole("button", { name: `Remove ${name}` }).click();
    await dialog.getByText(`${name} will lose access.`).waitFor();
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await lost(bob).waitFor();

    await eve.page.getByRole("button", { name: "Share" }).click();
    await shareDialog(eve).getByText("You can edit this project.").waitFor();
    await shareDialog(eve).getByRole("button", { name: "Leave this project" }).click();
    await shareDialog(eve).getByRole("button", { name: "Leave", exact: true }).click();
    await eve.page.waitForURL(`${stage.server.origin}/`);
    const rows = dialog.getByRole("list", { name: "People" }).getByRole("listitem");
    await eventually(async () => expect(await rows.count()).toBe(1));
    expect(people.faults()).toEqual([]);
  });
});

describe("an address that opens nothing", () => {
  it("has a text of its own for an unknown link, an unknown project and a project without access", async () => {
    const owner = await signInAsGuest(stage.server.origin);
    const { slug } = await owner.createProject({ name: "Private", template: "python" });
    const { page } = await people.visit("/s/guessed");
    await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
    for (const path of ["/p/unknown", `/p/${slug}`]) {
      await page.goto(`${stage.server.origin}${path}`);
      await page.getByRole("heading", { name: "This project does not exist, or you have no access to it" }).waitFor();
      expect(await page.getByRole("button", { name: "Share" }).count()).toBe(0);
      expect(await page.getByRole("button", { name: "Run" }).first().getAttribute("aria-disabled")).toBe("true");
    }
    expect(await page.content()).not.toContain("Private");
    await page.getByRole("link", { name: "Start something new", exact: true }).click();
    await page.waitForURL(`${stage.server.origin}/`);
  });

  it("of a public project shows it live to anybody, to read", async () => {
    const owner = await signInAsGuest(stage.server.origin);
    const project = await owner.createProject({ name: "Public", visibility: "public" });
    await owner.createFile(project.id, "main.py", "for all to see\n");
    const stranger = await people.visit(`/p/${project.slug}`);
    await stranger.editorReady();
    await eventually(async () => expect(await stranger.shownText()).toContain("for all to see"));
    await stranger.page.getByText("View only").first().waitFor();
    await owner.putFile(project.id, "main.py", "and changed\n");
    await eventually(async () => expect(await stranger.shownText()).toContain("and changed"));
    expect(people.faults()).toEqual([]);
  });
});
