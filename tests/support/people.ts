/** People in front of Atelier's page, for tests: they visit, type, register, log in and share as a person would. */
import type { SignedIn } from "@atelier/contracts";
import type { Browser, Page } from "playwright-core";
import { afterEach, expect } from "vitest";
import { EditorPage } from "./editor-page.ts";
import { eventually } from "./eventually.ts";

export type Account = { readonly name: string; readonly email: string; readonly password: string };

let accounts = 0;

/** An account that nobody has yet. */
export const newAccount = (name: string): Account => {
  accounts += 1;
  return { name, email: `${name.toLowerCase()}.${accounts}@example.org`, password: `correct horse ${accounts}` };
};

/** Somebody who registered before, from another site. */
export const createAccount = async (origin: string, account: Account): Promise<void> => {
  const answer = await fetch(`${origin}/api/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  expect(answer.status).toBe(201);
};

/** A browser, and the server it visits. */
export type TestSite = { readonly browser: Browser; readonly server: { readonly origin: string } };

/** Visitors of one server, all sent away when the test is over. */
export class People implements AsyncDisposable {
  readonly #site: TestSite;
  readonly #pages: EditorPage[] = [];

  /** The site may be there later: it is asked at each visit. */
  constructor(site: TestSite) {
    this.#site = site;
  }

  async visit(path: string, options: Parameters<typeof EditorPage.open>[2] = {}): Promise<EditorPage> {
    const page = await EditorPage.open(this.#site.browser, `${this.#site.server.origin}${path}`, options);
    this.#pages.push(page);
    return page;
  }

  /** A guest whose project exists: its text is saved. */
  async visitAndType(text: string): Promise<EditorPage> {
    const page = await this.visit("/");
    await page.editorReady();
    await page.replaceAll(text);
    await eventually(() => expect(page.page.url()).toContain("/p/"), 15_000);
    await page.saved();
    return page;
  }

  /** What the pages complained about. */
  faults(): string[] {
    return this.#pages.flatMap(({ faults }) => faults);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const page of this.#pages.splice(0)) await page[Symbol.asyncDispose]();
  }
}

/** Visitors of a site for all tests of a file, sent away after each. Called while the file is read. */
export const setPeople = (site: TestSite): People => {
  const people = new People(site);
  afterEach(() => people[Symbol.asyncDispose]());
  return people;
};

export const chooseInAccountMenu = async (page: Page, item: string): Promise<void> => {
  await page.getByRole("button", { name: /^Account/u }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

/** Fills in the form that is open, without sending it. */
export const fillIn = async (page: Page, answers: Partial<Account>): Promise<void> => {
  const labels = { name: "Name", email: "Email", password: "Password" } as const;
  const form = page.locator("form");
  for (const [key, label] of Object.entries(labels)) {
    const answer = answers[key as keyof Account];
    if (answer !== undefined) await form.getByLabel(label, { exact: true }).fill(answer);
  }
};

/** Presses Enter in the password's field, as people do. */
export const submit = async (page: Page): Promise<void> => {
  await page.locator("form").getByLabel("Password", { exact: true }).press("Enter");
};

export const signedInAs = async (page: Page, name: string): Promise<void> => {
  await page.getByRole("button", { name: `Account: ${name}` }).waitFor();
};

export const register = async (page: Page, account: Account): Promise<void> => {
  await chooseInAccountMenu(page, "Create an account");
  await fillIn(page, account);
  await submit(page);
  await signedInAs(page, account.name);
};

export const logIn = async (page: Page, { name, email, password }: Account): Promise<void> => {
  await chooseInAccountMenu(page, "Log in");
  await fillIn(page, { email, password });
  await submit(page);
  await signedInAs(page, name);
};

/** The name that the page shows for the signed-in user. */
export const nameOn = async (page: Page): Promise<string> => {
  const label = await page.getByRole("button", { name: /^Account: / }).getAttribute("aria-label");
  return (label ?? "").slice("Account: ".length);
};

/** An access token of the page's own user. */
export const tokenOf = async (page: Page): Promise<string> => {
  const signedIn = await page.evaluate(async () => {
    const response = await fetch("/api/auth/refresh", { method: "POST" });
    return (await response.json()) as unknown;
  });
  return (signedIn as SignedIn).accessToken;
};

/** Copies a role's share link in the dialog, which stays open; makes the link if there is none. @returns the path that a friend opens */
export const createLink = async (page: Page, role: "viewer" | "editor"): Promise<string> => {
  const dialog = page.getByRole("dialog");
  if ((await dialog.count()) === 0) await page.getByRole("button", { name: "Share" }).click();
  const can = role === "editor" ? "can edit" : "can view";
  const field = dialog.getByRole("textbox", { name: `link that ${can}`, exact: true });
  const create = dialog.getByRole("button", { name: `Create link that ${can}` });
  await field.or(create).first().waitFor();
  if ((await field.count()) === 0) await create.click();
  return new URL(await field.inputValue()).pathname;
};
