/** The five most important journeys, in any browser against the real server. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CLOSE, type Project, type SignedIn } from "@atelier/contracts";
import type { JourneyPage } from "../support/browsers/journey-page.ts";
import type { Launch, Visitors } from "../support/browsers/visitors.ts";
import type { EditorPage } from "../support/editor-page.ts";
import { forgedUpdate } from "../support/forged-update.ts";
import { eventually } from "../support/eventually.ts";
import { freePort, startServer, type TestServer } from "../support/server.ts";
import { openSlowLine } from "../support/slow-line.ts";

type Visitor = EditorPage<JourneyPage>;

let visitors: Visitors;
let dataDir: string;
let port: number;
let server: TestServer;
let isStarted = false;
const open: Visitor[] = [];

const visitAt = async (url: string, wait?: "load" | "commit"): Promise<Visitor> => {
  const page = await visitors.open(url, wait);
  open.push(page);
  return page;
};
const visit = (path: string): Promise<Visitor> => visitAt(`${server.origin}${path}`);

/** A visitor whose project exists: something was typed and is saved. */
const visitAndType = async (text: string): Promise<Visitor> => {
  const ada = await visit("/");
  await ada.editorReady();
  await ada.replaceAll(text);
  await eventually(async () => expect((await ada.address()).pathname).toContain("/p/"), 15_000);
  await ada.saved();
  return ada;
};

/** Makes a share link by the page's own dialog. @returns the address that a friend gets. */
const share = async (owner: Visitor, role: "viewer" | "editor"): Promise<string> => {
  await owner.page.getByRole("button", { name: "Share" }).click();
  const dialog = owner.page.getByRole("dialog");
  await dialog.getByRole("button", { name: `Create link that can ${role === "editor" ? "edit" : "view"}` }).click();
  const address = await eventually(async () => {
    const found = await dialog.locator("input[readonly]").first().inputValue();
    expect(found).toContain("/s/");
    return found;
  });
  await owner.page.keyboard.press("Escape");
  return new URL(address).pathname;
};

/** Calls the API as the page's user, with the page's cookie. */
const asUserOf = async (page: Visitor) => {
  const signedIn = await page.page.evaluate(async () => {
    const response = await fetch("/api/auth/refresh", { method: "POST" });
    return (await response.json()) as unknown;
  });
  const { accessToken } = signedIn as SignedIn;
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${server.origin}/api${path}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    return response.json();
  };
  const { items } = (await get("/projects")) as { items: Project[] };
  const here = await page.slug();
  const project = items.find(({ slug }) => slug === here);
  if (project === undefined) throw new Error(`no project ${here}`);
  return { accessToken, get, project };
};

/** The name of the signed-in user, as the page shows it. */
const nameOn = async ({ page }: Visitor): Promise<string> => {
  const label = await page.getByRole("button", { name: /^Account: / }).getAttribute("aria-label");
  return (label ?? "").slice("Account: ".length);
};

const setUp = (launch: Launch): void => {
  beforeAll(async () => {
    visitors = await launch();
    dataDir = await mkdtemp(join(tmpdir(), "atelier-journey-"));
    await chmod(dataDir, 0o711);
    port = await freePort();
  }, 60_000);
  afterAll(async () => {
    if (isStarted) await server[Symbol.asyncDispose]();
    isStarted = false;
    await visitors.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);
  // All journeys share a server; one that a failed journey left dead is started again.
  beforeEach(async () => {
    const isUp = isStarted && (await fetch(`${server.origin}/healthz`).catch(() => undefined))?.ok === true;
    if (isUp) return;
    if (isStarted) await server[Symbol.asyncDispose]();
    server = await startServer({ dataDir, port });
    isStarted = true;
  }, 60_000);
  afterEach(async () => {
    for (const page of open.splice(0)) await page[Symbol.asyncDispose]();
  }, 60_000);
};

const journey1 = () =>
  describe("journey 1: a first visit with no account", () => {
    it("runs the sample, changes it, sees its own output, and answers an input()", { timeout: 240_000 }, async () => {
      const ada = await visit("/");
      await ada.editorReady();
      await eventually(() => ada.run());
      await ada.page.getByText("Waiting for input").waitFor();
      await ada.page.locator("#slot-output .xterm").click();
      await ada.page.keyboard.type("Ada\r");
      await ada.ended(/exit 0/u);
      await ada.outputContains("Ada");

      await ada.replaceAll("name = input('Who? ')\nprint('Hello from', name[::-1])\n");
      await ada.page.keyboard.press("ControlOrMeta+Enter");
      await ada.outputContains("Who?");
      await ada.page.locator("#slot-output .xterm").click();
      await ada.page.keyboard.type("ecarG\r");
      await ada.outputContains("Hello from Grace");
      await ada.ended(/exit 0/u);
      expect(ada.faults).toEqual([]);
    });

    it("keeps what is typed before the editor is ready", { timeout: 240_000 }, async () => {
      // The editor's code arrives only after everything was typed, as on a slow connection.
      await using line = await openSlowLine(port, /\/pane-[\w-]+\.js$/u);
      const ada = await visitAt(`${line.origin}/`, "commit");
      const early = ada.page.locator("#editor textarea").first();
      await early.waitFor();
      await early.press("ControlOrMeta+Home");
      await early.pressSequentially("# typed early\n");
      await line.asked;
      line.letThrough();
      await ada.editorReady();
      await eventually(async () => expect(await ada.shownText()).toContain("# typed early"));
      await eventually(async () => expect((await ada.address()).pathname).toContain("/p/"), 15_000);
      await ada.saved();
      const { get, project } = await asUserOf(ada);
      const { entries } = (await get(`/projects/${project.id}/tree`)) as { entries: { path: string }[] };
      const file = (await get(`/projects/${project.id}/files?path=${entries[0]?.path}`)) as { content: string };
      expect(file.content.split("# typed early")).toHaveLength(2);
    });
  });

const journey2 = () =>
  describe("journey 2: two browsers edit one file at once", () => {
    it("see each other's cursors and end with the same text, which GET returns too", { timeout: 240_000 }, async () => {
      const ada = await visitAndType("first line\n");
      const friend = await visit(await share(ada, "editor"));
      await friend.editorReady();
      await eventually(async () => expect(await friend.shownText()).toContain("first line"));

      await Promise.all([ada.focusEnd(), friend.focusEnd()]);
      await Promise.all([
        ada.page.keyboard.type("ada ada ada ada ada ada", { delay: 25 }),
        friend.page.keyboard.type("bob bob bob bob bob bob", { delay: 25 }),
      ]);
      for (const [page, other] of [
        [ada, friend],
        [friend, ada],
      ] as const) {
        const name = await nameOn(other);
        // While a cursor moves its name is shown after the line; then it is a bare caret.
        await other.page.keyboard.press("ArrowLeft");
        const label = page.page.locator("#editor .shared-names .shared-name").first();
        await eventually(async () => expect(await label.textContent()).toBe(name));
        await label.waitFor({ state: "detached" });
        expect(await page.page.locator("#editor .shared-caret").count()).toBe(1);
      }
      await ada.page.getByRole("list", { name: "People here" }).getByRole("button").first().waitFor();

      const text = await eventually(async () => {
        const [mine, theirs] = [await ada.shownText(), await friend.shownText()];
        expect(mine).toBe(theirs);
        expect(mine.replaceAll(/[^ab]/gu, "")).toHaveLength(6 * 2 + 6 * 2);
        return mine;
      });
      await ada.saved();
      await friend.saved();
      const { get, project } = await asUserOf(ada);
      const file = (await get(`/projects/${project.id}/files?path=main.py`)) as { content: string };
      expect(file.content).toBe(text);
      expect([...ada.faults, ...friend.faults]).toEqual([]);
    });

    it("a click on an avatar follows that person until Esc", { timeout: 240_000 }, async () => {
      const lines = Array.from({ length: 120 }, (_, n) => `# line ${n + 1}`).join("\n");
      const ada = await visitAndType(`${lines}\n# the end\n`);
      const friend = await visit(await share(ada, "editor"));
      await friend.editorReady();
      await ada.page.keyboard.press("ControlOrMeta+Home");
      await ada.page.getByRole("list", { name: "People here" }).getByRole("button").first().click();
      await ada.page.getByText("Esc stops").waitFor();
      await friend.focusEnd();
      await friend.page.keyboard.type("and on");
      await eventually(async () => expect(await ada.shownText()).toContain("and on"));
      await ada.page.keyboard.press("Escape");
      await ada.page.getByText("Esc stops").waitFor({ state: "detached" });
      expect([...ada.faults, ...friend.faults]).toEqual([]);
    });

    it("undo takes back my own edits only", { timeout: 240_000 }, async () => {
      const ada = await visitAndType("base\n");
      const friend = await visit(await share(ada, "editor"));
      await friend.editorReady();
      await friend.focusEnd();
      await friend.page.keyboard.type("from my friend");
      await eventually(async () => expect(await ada.shownText()).toContain("from my friend"));
      await ada.focusEnd();
      await ada.page.keyboard.type(" and me");
      await eventually(async () => expect(await friend.shownText()).toContain("and me"));
      await ada.page.keyboard.press("ControlOrMeta+Z");
      await eventually(async () => {
        const text = await friend.shownText();
        expect(text).toContain("from my friend");
        expect(text).not.toContain("and me");
      });
    });
  });

const journey3 = () =>
  describe("journey 3: a viewer by link", () => {
    it("sees edits live and can't edit, in the page or by a crafted message", { timeout: 240_000 }, async () => {
      const ada = await visitAndType("only mine\n");
      const viewer = await visit(await share(ada, "viewer"));
      await viewer.editorReady();
      await ada.focusEnd();
      await ada.page.keyboard.type("and live");
      await eventually(async () => expect(await viewer.shownText()).toContain("and live"));

      await viewer.focusEnd();
      await viewer.page.keyboard.type("vandal");
      await ada.saved();
      expect(await viewer.shownText()).not.toContain("vandal");

      const { accessToken, project, get } = await asUserOf(viewer);
      expect(project.role).toBe("viewer");
      const { entries } = (await get(`/projects/${project.id}/tree`)) as { entries: { id: string }[] };
      const socket = new WebSocket(
        `${server.origin.replace("http", "ws")}/api/collaborate/${project.id}/${entries[0]?.id}?token=${accessToken}`,
      );
      const closed = new Promise<number>((resolve) => socket.on("close", resolve));
      socket.on("open", () => socket.send(forgedUpdate("forged")));
      expect(await closed).toBe(CLOSE.rightsTaken);

      const owner = await asUserOf(ada);
      const file = (await owner.get(`/projects/${project.id}/files?path=main.py`)) as { content: string };
      expect(file.content).toBe("only mine\nand live");
      const put = await fetch(`${server.origin}/api/projects/${project.id}/files`, {
        method: "PUT",
        headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
        body: JSON.stringify({ path: "main.py", content: "vandal" }),
      });
      expect(put.status).toBe(403);
    });
  });

/** What the page says while it has edits that the server did not confirm. */
const UNSENT = /device|offline|sync/iu;

const journey4 = () =>
  describe("journey 4: kill -9 of the server while both type", () => {
    it(
      "both reconnect by themselves, and nothing that was shown as saved or is held by a browser is missing",
      { timeout: 240_000 },
      async () => {
        const ada = await visitAndType("start\n");
        const friend = await visit(await share(ada, "editor"));
        await friend.editorReady();
        await Promise.all([ada.focusEnd(), friend.focusEnd()]);
        const typing = Promise.all([
          ada.page.keyboard.type("A".repeat(120), { delay: 30 }),
          friend.page.keyboard.type("B".repeat(120), { delay: 30 }),
        ]);
        // In the middle: each shows letters that the other typed.
        await eventually(async () => {
          expect((await ada.shownText()).replaceAll(/[^B]/gu, "").length).toBeGreaterThan(10);
          expect((await friend.shownText()).replaceAll(/[^A]/gu, "").length).toBeGreaterThan(10);
        });
        await server.crash();
        await eventually(async () => expect(await ada.page.locator(".save-state").innerText()).toMatch(UNSENT));
        server = await startServer({ dataDir, port });
        await typing;

        const text = await eventually(async () => {
          const [mine, theirs] = [await ada.shownText(), await friend.shownText()];
          expect(mine).toBe(theirs);
          expect(mine.replaceAll(/[^A]/gu, "")).toHaveLength(120);
          expect(mine.replaceAll(/[^B]/gu, "")).toHaveLength(120);
          return mine;
          // On a busy machine a try to connect may use all of its 10 s, and the pause before the next one may be as long.
        }, 60_000);
        await ada.saved(30_000);
        await friend.saved(30_000);
        const { get, project } = await asUserOf(ada);
        const file = (await get(`/projects/${project.id}/files?path=main.py`)) as { content: string };
        expect(file.content).toBe(text);
      },
    );

    it("what the server never saw survives a reload while it is down", { timeout: 240_000 }, async () => {
      const ada = await visitAndType("start\n");
      const { href: address } = await ada.address();
      await server.crash();
      await ada.focusEnd();
      await ada.page.keyboard.type("typed into the void");
      await eventually(async () => expect(await ada.page.locator(".save-state").innerText()).toMatch(UNSENT));
      server = await startServer({ dataDir, port });
      await ada.page.goto(address);
      await ada.editorReady();
      await eventually(async () => expect(await ada.shownText()).toContain("typed into the void"));
      await ada.saved();
    });
  });

const journey5 = () =>
  describe("journey 5: reload", () => {
    it("keeps everything: text, tabs, the project and who I am", { timeout: 240_000 }, async () => {
      const ada = await visitAndType("print('kept')\n");
      const me = (await asUserOf(ada)).accessToken.split(".")[1];
      await ada.page.reload();
      await ada.editorReady();
      await eventually(async () => expect(await ada.shownText()).toContain("print('kept')"));
      await ada.saved();
      const again = (await asUserOf(ada)).accessToken.split(".")[1];
      const subject = (part = ""): unknown =>
        (JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as { sub: unknown }).sub;
      expect(subject(again)).toBe(subject(me));
      await ada.run();
      await ada.outputContains("kept");
      await ada.ended(/exit 0/u);
      expect(ada.faults).toEqual([]);
    });
  });

const journeys = { 1: journey1, 2: journey2, 3: journey3, 4: journey4, 5: journey5 } as const;

/** Describes some of the journeys in a browser of one kind. */
export const describeJourneys = (launch: Launch, which: readonly (keyof typeof journeys)[]): void => {
  describe("the journeys", () => {
    setUp(launch);
    for (const number of which) journeys[number]();
  });
};
