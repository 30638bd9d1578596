/** Keys typed before the editor is loaded, on every way into a project: each is in the document, or was visibly not accepted. */
import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Entry, File, SignedIn } from "@atelier/contracts";
import { signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { openProfile, type Profile } from "../support/profiles.ts";
import { setStage } from "../support/stage.ts";

const KEYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const EARLY = "#editor .early-text";
const PANE = /\/pane-[\w-]+\.js$/u;
const SLOWEST = /\/pane-[\w-]+\.js$|\/api\/auth\/refresh$/u;

const stage = setStage();
let page: Page;
let profile: Profile;
let release: () => void;
let released: Promise<void>;

/** Where each key went: into the early surface, into Monaco, into one of them that takes none, or to nobody. */
type Taken = { readonly key: string; readonly by: "early" | "monaco" | "read-only" | "nobody" };
declare const takenKeys: Taken[];

/** Notes where keys go, and lets the page be as slow as a test wants it. */
const watchKeys = async (): Promise<void> => {
  await page.addInitScript(() => {
    const keys: Taken[] = [];
    Object.assign(globalThis, { takenKeys: keys });
    addEventListener(
      "keydown",
      ({ key, target }) => {
        if (key.length !== 1 || !(target instanceof HTMLElement)) return;
        const isReadOnly = target.matches(".early-text:read-only, .monaco-editor [aria-autocomplete=none]");
        const surface = target.closest(".monaco-editor")
          ? "monaco"
          : target.matches(".early-text")
            ? "early"
            : "nobody";
        keys.push({ key, by: surface !== "nobody" && isReadOnly ? "read-only" : surface });
      },
      true,
    );
  });
};

beforeEach(async () => {
  profile = await openProfile(stage.browser);
  page = profile.page;
  release = () => undefined;
  released = new Promise((resolve) => {
    release = resolve;
  });
  await watchKeys();
});
afterEach(async () => {
  release();
  await profile.release();
});

const pauseRequests = async (address: RegExp): Promise<void> => {
  await page.route(address, async (route) => {
    await released;
    await route.continue().catch(() => undefined);
  });
};
const slow = async (address: RegExp, ms: number): Promise<void> => {
  await page.route(address, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await route.continue().catch(() => undefined);
  });
};

/** A project whose only file holds `content`, and its owner's token. */
const makeProject = async (content: string) => {
  const signedIn = await profile.context.request.post(`${stage.server.origin}/api/auth/guest`);
  const { accessToken: token } = (await signedIn.json()) as SignedIn;
  // What the page notes of a sign-in. The address that a test comes from has no storage.
  await page.addInitScript(() => {
    if (location.protocol === "http:") localStorage.setItem("atelier.signedIn", "1");
  });
  const call = async <T>(path: string, body?: unknown, method = "POST"): Promise<T> => {
    const answer = await fetch(`${stage.server.origin}/api${path}`, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { method, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const project = await call<{ id: string; slug: string }>("/projects", { name: "early" });
  await call<Entry>(`/projects/${project.id}/files`, { path: "notes.txt", content });
  const read = async () => (await call<File>(`/projects/${project.id}/files?path=notes.txt`)).content ?? "";
  return { address: `${stage.server.origin}/p/${project.slug}`, id: project.id, call, text: read };
};

const focusCode = async (): Promise<void> => {
  await page.locator(EARLY).focus();
  await page.keyboard.press("ControlOrMeta+Home");
};

/** Types the alphabet at the start of the text, some keys before each step and the rest at the end. */
const typeAcross = async (steps: readonly (() => unknown)[]): Promise<void> => {
  const share = Math.floor(KEYS.length / (steps.length + 1));
  for (const [index, step] of [...steps, () => undefined].entries()) {
    const end = index === steps.length ? KEYS.length : (index + 1) * share;
    for (const key of KEYS.slice(index * share, end)) await page.keyboard.press(key, { delay: 10 });
    await step();
  }
};

/** What became of the keys: those that nobody heard, those that a surface took, and those that the document holds in the end. */
const outcome = async (text: () => Promise<string>) => {
  const keys = await page.evaluate(() => takenKeys);
  expect(keys).toHaveLength(KEYS.length);
  const by = (...ways: Taken["by"][]): string =>
    keys.flatMap((each) => (ways.includes(each.by) ? [each.key] : [])).join("");
  const taken = by("early", "monaco");
  const read = async (): Promise<string> => (await text()).replaceAll(/[^A-Z]/gu, "");
  await eventually(async () => expect(await read()).toHaveLength(taken.length), 10_000).catch(() => undefined);
  return { unheard: by("nobody"), taken, kept: await read() };
};

const attached = () => page.locator('.save-state[data-state="saved"]').waitFor();
const monaco = () => page.locator("#editor .monaco-editor .view-line").first().waitFor({ timeout: 30_000 });

describe("keys typed early into a project", () => {
  it("are kept in a file with Windows line ends", { timeout: 60_000 }, async () => {
    const { address, text } = await makeProject("one\r\ntwo\r\n");
    await pauseRequests(SLOWEST);
    await page.goto(address, { waitUntil: "commit" });
    await focusCode();
    await typeAcross([release, monaco]);
    expect(await outcome(text)).toEqual({ unheard: "", taken: KEYS, kept: KEYS });
    expect(await text()).toBe(`${KEYS}one\r\ntwo\r\n`);
  });

  it("are kept in a file of which the first response shows only a part", { timeout: 60_000 }, async () => {
    const lines = "a line of this file\n".repeat(5000);
    const { address, text } = await makeProject(lines);
    await pauseRequests(SLOWEST);
    await page.goto(address, { waitUntil: "commit" });
    await focusCode();
    await typeAcross([release, monaco]);
    expect(await outcome(text)).toEqual({ unheard: "", taken: KEYS, kept: KEYS });
    expect(await text()).toBe(KEYS + lines);
  });

  it("are kept where Monaco is there before the page knows who is signed in", { timeout: 60_000 }, async () => {
    const { address, text } = await makeProject("one\n");
    await pauseRequests(/\/api\/auth\/refresh$/u);
    const loaded = page.waitForResponse(PANE);
    await page.goto(address, { waitUntil: "commit" });
    await focusCode();
    await typeAcross([() => loaded.then(() => page.waitForTimeout(1500)), release, monaco]);
    expect(await outcome(text)).toEqual({ unheard: "", taken: KEYS, kept: KEYS });
  });

  it("are never lost silently after a link from another site, where the page arrives without the code", async () => {
    const { address, text } = await makeProject("one\n");
    await slow(/\/api\/auth\/refresh$|\/p\/[\w-]+$/u, 300);
    const refreshed = page.waitForResponse(/\/api\/auth\/refresh$/u);
    await page.goto(`data:text/html,<a href="${address}">there</a>`);
    await page.locator("a").click({ noWaitAfter: true });
    await focusCode();
    await typeAcross([() => refreshed, monaco, attached]);
    const { unheard, taken, kept } = await outcome(text);
    expect([unheard, kept]).toEqual(["", taken]);
    expect(KEYS.endsWith(taken) && taken.length >= 4).toBe(true);
  });

  it("go nowhere unseen on the way by a link, and the keyboard stays with the code", { timeout: 60_000 }, async () => {
    const owner = await signInAsGuest(stage.server.origin);
    const project = await owner.createProject({ name: "shared" });
    await owner.createFile(project.id, "notes.txt", "one\n");
    const link = (await owner.call("POST", `/projects/${project.id}/links`, { role: "editor" })) as { url: string };
    await slow(/\/api\/(?:auth|links|projects)\//u, 400);
    const [tree, tabs] = [page.waitForResponse(/\/tree$/u), page.waitForResponse(/\/editor-state$/u)];
    await page.goto(`${stage.server.origin}${new URL(link.url, stage.server.origin).pathname}`, {
      waitUntil: "commit",
    });
    await focusCode();
    await typeAcross([() => tree, () => tabs, attached]);
    const text = async () => (await owner.readFile(project.id, "notes.txt")).content ?? "";
    const { unheard, taken, kept } = await outcome(text);
    expect([unheard, kept]).toEqual(["", taken]);
    expect(KEYS.endsWith(taken) && taken.length >= 4).toBe(true);
  });
});

it("text that is typed early is not shown as saved, however often its file is shown", async () => {
  const { address } = await makeProject("one\n");
  await page.route(PANE, (route) => route.abort());
  await pauseRequests(/\/api\/auth\/refresh$/u);
  await page.goto(address, { waitUntil: "commit" });
  await focusCode();
  await page.keyboard.type("x");
  const tabs = page.waitForResponse(/\/editor-state$/u);
  release();
  await tabs;
  expect(await page.locator(".save-state").getAttribute("data-state")).toBe("saving");
});

it("a user who opens a link again has the tabs of the last visit", async () => {
  const { id, call } = await makeProject("one\n");
  const { id: other } = await call<Entry>(`/projects/${id}/files`, { path: "other.txt", content: "two\n" });
  const link = await call<{ url: string }>(`/projects/${id}/links`, { role: "editor" });
  await call(`/projects/${id}/editor-state`, { open: [other], shown: other }, "PUT");
  await page.goto(`${stage.server.origin}${new URL(link.url, stage.server.origin).pathname}`);
  await eventually(async () => expect(await page.title()).toMatch(/^other\.txt/u));
  expect(await page.getByRole("tab", { name: /\.txt/u }).allTextContents()).toEqual(["other.txt"]);
});

describe("where the heavy part of the editor does not load", () => {
  const early = () => page.locator(EARLY);
  const isEditor = () => page.evaluate(() => document.querySelector("#editor .monaco-editor") !== null);

  it(
    "the page shows it, keeps the typed text, runs programs, and continues when the code arrives",
    { timeout: 90_000 },
    async () => {
      await page.route(PANE, (route) => route.abort());
      const faults: string[] = [];
      page.on("pageerror", ({ message }) => faults.push(message));
      await page.goto(`${stage.server.origin}/`);
      await early().press("ControlOrMeta+Home");
      await page.keyboard.type("# mine\n");
      await page.getByRole("alert").getByText("has not loaded").waitFor({ timeout: 30_000 });
      await page
        .locator('.save-state[data-state="unsaved-on-device"]')
        .getByText("Saved on this device, 7 changes")
        .waitFor();
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await page.getByText("this runs without them").waitFor();
      expect(await page.getByText(/Something went wrong|internal error/).count()).toBe(0);

      await page.unroute(PANE);
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await monaco();
      await attached();
      expect(await page.locator("#editor .view-lines").innerText()).toMatch(/#\smine/u);
      expect(await page.getByRole("alert").getByText("has not loaded").count()).toBe(0);
      expect(faults).toEqual([]);
    },
  );

  it("text that was just typed is there after the page is loaded again, and is saved once", async () => {
    const { address, text } = await makeProject("one\n");
    await page.route(PANE, (route) => route.abort());
    await page.goto(address);
    await early().press("ControlOrMeta+Home");
    await page.keyboard.type("mine ");
    await page.reload();
    await eventually(async () => expect(await early().inputValue()).toBe("mine one\n"));
    await early().press("ControlOrMeta+Home");
    await page.keyboard.type("still ");
    expect(await isEditor()).toBe(false);
    await page.unroute(PANE);
    await page.reload();
    await monaco();
    await attached();
    await eventually(async () => expect(await text()).toBe("still mine one\n"));
    await page.reload();
    await monaco();
    await attached();
    expect(await text()).toBe("still mine one\n");
  });

  it("its styles are asked for again too", { timeout: 60_000 }, async () => {
    await page.route(/\/pane-[\w-]+\.css$/u, (route) => route.abort(), { times: 1 });
    await page.goto(`${stage.server.origin}/`);
    await monaco();
    const position = () =>
      page.evaluate(() => getComputedStyle(document.querySelector("#editor .overflow-guard") as Element).position);
    expect(await position()).toBe("relative");
  });
});
