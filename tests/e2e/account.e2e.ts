/** Accounts and sign-ins: creating an account, the administrator's link, a server without guests, sign-ins that end. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { SignedIn } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "../support/eventually.ts";
import {
  chooseInAccountMenu,
  createAccount,
  createLink,
  fillIn,
  logIn,
  newAccount,
  People,
  register,
  setPeople,
  signedInAs,
  submit,
} from "../support/people.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { setStage } from "../support/stage.ts";
import { tapChannels } from "../support/tap-channels.ts";

const stage = setStage();
const people = setPeople(stage);
let closed: TestServer;

beforeAll(async () => {
  closed = await startServer({ env: { GUESTS: "off", SANDBOX: "namespaces" } });
}, 120_000);
afterAll(() => closed[Symbol.asyncDispose](), 60_000);

describe("an account", () => {
  it("keeps the guest's projects when it is created, and shows them again after logging out and in", async () => {
    const ada = newAccount("Ada");
    const editor = await people.visitAndType("print('mine')\n");
    const { page } = editor;
    const address = page.url();
    await register(page, ada);
    expect(page.url()).toBe(address);
    await page.getByText("Your work is in your account now").waitFor();
    const account = page.getByRole("button", { name: "Account: Ada" });
    expect(await account.evaluate((button) => button === document.activeElement)).toBe(true);

    await chooseInAccountMenu(page, "Log out");
    await page.waitForURL(`${stage.server.origin}/`);
    await page.goto(address);
    await page.getByRole("heading", { name: "This project does not exist, or you have no access to it" }).waitFor();
    await page.getByRole("button", { name: "Log in" }).click();
    await fillIn(page, { email: ada.email, password: "not my password" });
    await submit(page);
    await page.getByText("The email address or the password is wrong.").waitFor();
    const password = page.locator("form").getByLabel("Password", { exact: true });
    expect(await password.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type(ada.password);
    await page.keyboard.press("Enter");
    await signedInAs(page, "Ada");
    await editor.editorReady();
    expect(page.url()).toBe(address);
    expect(await editor.shownText()).toContain("print('mine')");
    expect(people.faults()).toEqual([]);
  });

  it("is refused with a message at the wrong field, and keeps the filled-in values", async () => {
    const taken = newAccount("Grace");
    await createAccount(stage.server.origin, taken);
    const { page } = await people.visit("/");
    const sent: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/api/auth/register")) sent.push(request.url());
    });
    await chooseInAccountMenu(page, "Create an account");
    await submit(page);
    await page.getByText("Enter the name that others will see.").waitFor();
    await fillIn(page, { name: "Grace", email: taken.email, password: "short" });
    await submit(page);
    const password = page.locator("form").getByLabel("Password", { exact: true });
    await eventually(async () => expect(await password.getAttribute("aria-invalid")).toBe("true"));
    expect(sent).toEqual([]);

    await fillIn(page, { password: taken.password });
    await submit(page);
    await page.getByText("This email address has an account already.").waitFor();
    const email = page.locator("form").getByLabel("Email", { exact: true });
    expect(await email.getAttribute("aria-invalid")).toBe("true");
    expect(await email.evaluate((field) => field === document.activeElement)).toBe(true);

    await page.route("**/api/auth/register", (route) => route.abort("connectionrefused"));
    await fillIn(page, { email: newAccount("Grace").email });
    await submit(page);
    await page.getByText("The server can't be reached. Check the connection and try again.").waitFor();
    await page.unroute("**/api/auth/register");
    await submit(page);
    await signedInAs(page, "Grace");
    expect(sent).toHaveLength(3);
  });

  it("that a guest logs into gets the guest's project", async () => {
    const ada = newAccount("Ada");
    await createAccount(stage.server.origin, ada);
    const guest = await people.visitAndType("made as a guest\n");
    const { page } = guest;
    const address = page.url();
    const documents = await tapChannels(page, "document", {});
    await page.reload();
    await guest.editorReady();
    await guest.focusEnd();
    await page.keyboard.type("left on ");
    await guest.saved();
    // From here on the server knows the guest's Yjs client id, and gets nothing more from the guest.
    documents.silence();
    await page.keyboard.type("the device\n");
    await eventually(async () => expect(await guest.shownText()).toContain("left on the device"));
    await logIn(page, ada);
    await guest.editorReady();
    expect(page.url()).toBe(address);
    await eventually(async () => expect(await guest.shownText()).toContain("made as a guest\nleft on the device"));
    await guest.saved(15_000);
    await guest.focusEnd();
    await page.keyboard.type("and as Ada");
    await guest.saved();
    await page.reload();
    await guest.editorReady();
    const whole = "made as a guest\nleft on the device\nand as Ada";
    await eventually(async () => expect(await guest.shownText()).toContain(whole));
  });
});

describe("a sign-in", () => {
  it("that ends in one tab is missed in the other, where nothing typed is lost", async () => {
    const ada = newAccount("Ada");
    const first = await people.visitAndType("start\n");
    await register(first.page, ada);
    const second = await first.page.context().newPage();
    await second.goto(first.page.url());
    await second.locator("#editor .monaco-editor .view-line").first().waitFor();
    await signedInAs(second, "Ada");

    await chooseInAccountMenu(first.page, "Log out");
    const strip = second.getByText("You are signed out.");
    await strip.waitFor();
    await second.locator("#editor .view-lines").click();
    await second.keyboard.press("ControlOrMeta+End");
    await second.keyboard.type("typed by nobody");
    const state = second.locator(".save-state");
    await eventually(async () => expect(await state.getAttribute("data-state")).toBe("unsaved-on-device"));

    await first.page.waitForURL(`${stage.server.origin}/`);
    await logIn(first.page, ada);
    await strip.waitFor({ state: "detached" });
    await eventually(async () => expect(await state.getAttribute("data-state")).toBe("saved"), 20_000);
    await first.page.goto(second.url());
    await first.editorReady();
    await eventually(async () => expect(await first.shownText()).toContain("typed by nobody"));

    await chooseInAccountMenu(first.page, "Log out");
    await first.page.waitForURL(`${stage.server.origin}/`);
    await register(first.page, newAccount("Bob"));
    await second.getByText("This browser is signed in as Bob now.").waitFor();
  });

  it("that was ended elsewhere is noticed at once, and logging in again saves the rest", async () => {
    const ada = newAccount("Ada");
    const editor = await people.visitAndType("start\n");
    const { page } = editor;
    await register(page, ada);
    const [cookie] = await page.context().cookies();
    const ended = await fetch(`${stage.server.origin}/api/auth/logout`, {
      method: "POST",
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(ended.status).toBe(204);
    const strip = page.getByText("You are signed out.");
    await strip.waitFor();
    await editor.focusEnd();
    await page.keyboard.type("typed afterwards");
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await fillIn(page, { email: ada.email, password: ada.password });
    await submit(page);
    await signedInAs(page, "Ada");
    await editor.editorReady();
    await eventually(async () => expect(await editor.shownText()).toContain("typed afterwards"));
    await editor.saved();
    expect(await strip.count()).toBe(0);
  });

  it("is renewed without a word when its token ends or is refused", async () => {
    const editor = await people.visitAndType("start\n");
    const { page } = editor;
    const renewals: string[] = [];
    let spoilNext = false;
    await page.route("**/api/auth/refresh", async (route) => {
      const answer = await route.fetch();
      const signedIn = (await answer.json()) as SignedIn;
      renewals.push(spoilNext ? "spoilt" : "short");
      await route.fulfill({
        response: answer,
        json: spoilNext ? { ...signedIn, accessToken: "not.a.token" } : { ...signedIn, expiresIn: 20 },
      });
      spoilNext = false;
    });
    await page.reload();
    await editor.editorReady();
    const rename = async (name: string): Promise<void> => {
      await page.getByRole("button", { name: /: projects$/u }).click();
      await page.getByRole("menuitem", { name: "Rename" }).click();
      const field = page.getByRole("textbox", { name: "Project name" });
      await field.fill(name);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === "PATCH" && response.ok()),
        field.press("Enter"),
      ]);
      expect(answer.status()).toBe(200);
    };
    // With 20 s left the page renews before each request.
    const before = renewals.length;
    expect(before).toBeGreaterThan(0);
    await rename("Renewed");
    expect(renewals.length).toBeGreaterThan(before);
    spoilNext = true;
    await rename("Refused first");
    expect(renewals).toContain("spoilt");
    expect(renewals.at(-1)).toBe("short");
    expect(await page.getByText("You are signed out.").count()).toBe(0);
    expect(await page.locator(".toast").count()).toBe(0);
  });
});

describe("the administrator's link", () => {
  it("creates one account, is removed from the address bar, and shows the reason when it is used again", async () => {
    const link = new URL((await readFile(join(stage.server.dataDir, "admin-link"), "utf8")).trim());
    const { page } = await people.visit(`/${link.hash}`);
    await page.getByRole("dialog", { name: "Set up the administrator" }).waitFor();
    expect(page.url()).toBe(`${stage.server.origin}/`);
    await fillIn(page, newAccount("Root"));
    await submit(page);
    await signedInAs(page, "Root");

    const again = await people.visit(`/${link.hash}`);
    await again.page.getByRole("dialog", { name: "Set up the administrator" }).waitFor();
    await fillIn(again.page, newAccount("Mallory"));
    await submit(again.page);
    await again.page.getByText("This link was used already").waitFor();
    expect(await again.page.getByRole("button", { name: "Account: Mallory" }).count()).toBe(0);
    await again.page.getByRole("button", { name: "Log in", exact: true }).click();
    await again.page.getByRole("dialog", { name: "Log in" }).waitFor();
  });
});

describe("a server without guests", () => {
  it("asks a visitor to sign in on every page, and then shows the requested page", async () => {
    await using members = new People({ browser: stage.browser, server: closed });
    const ada = await members.visit("/");
    await ada.page.getByRole("heading", { name: "Log in" }).waitFor();
    expect(await ada.page.locator("#editor").innerText()).not.toContain("print");
    // Nothing behind the door can be reached.
    expect(await ada.page.locator("#shell").evaluate((shell: HTMLElement) => shell.inert)).toBe(true);
    expect(await ada.page.locator("input:focus").getAttribute("name")).toBe("email");
    await ada.page.getByRole("button", { name: "Create an account" }).click();
    await fillIn(ada.page, newAccount("Ada"));
    await submit(ada.page);
    await signedInAs(ada.page, "Ada");
    await ada.editorReady();
    await ada.replaceAll("for members\n");
    await eventually(() => expect(ada.page.url()).toContain("/p/"), 15_000);
    await ada.saved();
    const path = await createLink(ada.page, "viewer");

    const bob = await members.visit(new URL(ada.page.url()).pathname);
    await bob.page.getByText("Sign in to see whether this project is shared with you.").waitFor();
    await bob.page.goto(`${closed.origin}${path}`);
    await bob.page.getByText("Sign in to join the project that was shared with you.").waitFor();
    await bob.page.getByRole("button", { name: "Create an account" }).click();
    await fillIn(bob.page, newAccount("Bob"));
    await submit(bob.page);
    await signedInAs(bob.page, "Bob");
    await bob.editorReady();
    await eventually(async () => expect(await bob.shownText()).toContain("for members"));
    expect(new URL(bob.page.url()).pathname).toBe(new URL(ada.page.url()).pathname);
    expect(members.faults()).toEqual([]);
  });
});

describe("a server of an operator", () => {
  const runUser = async (server: TestServer, ...args: string[]): Promise<string> => {
    const script = fileURLToPath(new URL("../../scripts/user.ts", import.meta.url));
    const env = { ...process.env, DATA_DIR: server.dataDir, PUBLIC_URL: server.origin };
    return (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout.trim();
  };

  it("takes new accounts by invitation only, and lets a disabled one do nothing more within a second", async () => {
    await using server = await startServer({ env: { REGISTRATION: "invite", GUESTS: "off", SANDBOX: "namespaces" } });
    await using visitors = new People({ browser: stage.browser, server });
    const { page } = await visitors.visit("/");
    await page.getByText("Ask the operator of this server for an invitation").waitFor();
    expect(await page.getByRole("button", { name: "Create an account" }).count()).toBe(0);

    const link = new URL(await runUser(server, "invite"));
    expect(link.origin).toBe(server.origin);
    const { page: invited } = await visitors.visit(`/${link.hash}`);
    expect(invited.url()).not.toContain("invitation");
    const ada = newAccount("Ada");
    await fillIn(invited, { ...ada, password: "password123" });
    await submit(invited);
    await invited.getByText("Many people use this password").waitFor();
    await fillIn(invited, ada);
    await submit(invited);
    await signedInAs(invited, "Ada");
    const { page: late } = await visitors.visit(`/${link.hash}`);
    await fillIn(late, newAccount("Bo"));
    await submit(late);
    await late.getByText("An account on this server needs an invitation").waitFor();

    const login = await fetch(`${server.origin}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: ada.email, password: ada.password }),
    });
    const { accessToken } = (await login.json()) as SignedIn;
    const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" };
    const made = await fetch(`${server.origin}/api/projects`, { method: "POST", headers, body: '{"name":"x"}' });
    const { id } = (await made.json()) as { id: string };
    const socket = new WebSocket(
      `${server.origin.replace("http", "ws")}/api/projects/${id}/events?token=${accessToken}`,
    );
    await once(socket, "open");
    const socketClosed = once(socket, "close");
    expect(await runUser(server, "disable", ada.email)).toBe(`${ada.email} is disabled.`);
    expect(((await socketClosed) as [number])[0]).toBe(4401);
    expect((await fetch(`${server.origin}/api/me`, { headers })).status).toBe(401);
    expect(await runUser(server, "enable", ada.email)).toBe(`${ada.email} is enabled.`);
    await expect(runUser(server, "disable", "nobody@example.org")).rejects.toThrow(/There is no account/u);
  });
});
