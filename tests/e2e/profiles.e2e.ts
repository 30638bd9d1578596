/** Tests use browser profiles one after the other: nothing of one test is there in the next. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openProfile, type Profile } from "../support/profiles.ts";
import { setBrowser } from "../support/stage.ts";

const stage = setBrowser();
const scripts: string[] = [];
/** What the last request for the page carried. */
let carried: { cookie: string; mark: string };
const server = createServer((request, response) => {
  if (request.url === "/script.js") {
    scripts.push(request.url);
    response.writeHead(200, { "content-type": "text/javascript", "cache-control": "max-age=3600" });
    response.end("globalThis.loaded = true;");
  } else if (request.url === "/worker.js") response.writeHead(200, { "content-type": "text/javascript" }).end("");
  else if (request.url !== "/") response.writeHead(404).end();
  else {
    carried = { cookie: request.headers.cookie ?? "", mark: String(request.headers["x-mark"] ?? "") };
    response.writeHead(200, { "content-type": "text/html", "set-cookie": "known=yes; HttpOnly; Max-Age=1000" });
    response.end('<script src="/script.js"></script>');
  }
});
const origins: string[] = [];

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  // Two origins, of two sites.
  origins.push(`http://127.0.0.1:${address.port}`, `http://localhost:${address.port}`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Stores something in every way that a page has. */
const leave = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    document.cookie = "mine=yes; Max-Age=1000";
    localStorage.setItem("left", "yes");
    addEventListener("pagehide", () => localStorage.setItem("late", "yes"));
    sessionStorage.setItem("left", "yes");
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open("left", 1);
      opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("things").put("yes", "left"));
      opening.addEventListener("success", () => resolve());
      opening.addEventListener("error", () => reject(opening.error ?? new Error("not opened")));
    });
    await (await caches.open("left")).put("/left", new Response("yes"));
    await (await navigator.storage.getDirectory()).getFileHandle("left", { create: true });
    await navigator.serviceWorker.register("/worker.js");
    await navigator.serviceWorker.ready;
  });

/** What a page finds in every store where `leave` stores something. */
const found = (page: Page) =>
  page.evaluate(async () => {
    const files: string[] = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
    return {
      cookies: document.cookie,
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).map(({ name }) => name),
      caches: await caches.keys(),
      files,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      clipboard: (await navigator.permissions.query({ name: "clipboard-read" as PermissionName })).state,
      online: navigator.onLine,
    };
  });
const NOTHING = {
  cookies: "",
  local: 0,
  session: 0,
  databases: [],
  caches: [],
  files: [],
  workers: 0,
  clipboard: "prompt",
  online: true,
};

it("a profile that is used again is empty, but has the cached scripts", async () => {
  const first = await openProfile(stage.browser);
  await first.page.setExtraHTTPHeaders({ "x-mark": "yes" });
  await first.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  for (const origin of origins) {
    await first.page.goto(origin);
    await leave(first.page);
    await first.page.goto(origin);
    expect(carried).toEqual({ cookie: expect.stringMatching(/known=yes.*mine=yes|mine=yes.*known=yes/u), mark: "yes" });
  }
  await first.context.setOffline(true);
  // The control: each of these would be noticed.
  for (const [store, nothing] of Object.entries(NOTHING))
    expect([store, (await found(first.page))[store as keyof typeof NOTHING]]).not.toEqual([store, nothing]);
  await first.context.newPage();
  const loadedBefore = scripts.length;
  await first.release();

  const second = await openProfile(stage.browser);
  expect(second.context).toBe(first.context);
  expect(second.context.pages()).toEqual([second.page]);
  expect(await second.context.cookies()).toEqual([]);
  for (const origin of origins) {
    await second.page.goto(origin);
    expect(carried).toEqual({ cookie: "", mark: "" });
    expect(await found(second.page)).toEqual(NOTHING);
    expect(await second.page.evaluate(() => "loaded" in globalThis)).toBe(true);
  }
  expect(scripts).toHaveLength(loadedBefore);
  await second.release();
});

it("a profile that starts with permissions has them again, and no others", async () => {
  const permissions = ["clipboard-read"];
  for (const _ of [1, 2]) {
    const profile = await openProfile(stage.browser, { permissions });
    await profile.page.goto(origins[0] ?? "");
    expect(await found(profile.page)).toEqual({ ...NOTHING, clipboard: "granted" });
    await profile.release();
  }
});

const spending: readonly (readonly [string, (context: BrowserContext, page: Page) => Promise<unknown>])[] = [
  ["a script for all pages", (context) => context.addInitScript("globalThis.left = 1")],
  ["a function for all pages", (context) => context.exposeFunction("left", () => 1)],
  ["a route for all pages", (context) => context.route("**/*", (route) => route.continue())],
  ["a route of sockets", (context) => context.routeWebSocket(/./u, () => undefined)],
  ["headers for all pages", (context) => context.setExtraHTTPHeaders({ "x-mark": "yes" })],
  ["another clock", (_, page) => page.clock.install()],
  ["a listener", async (context) => context.on("page", () => undefined)],
  ["a protocol command", async (context, page) => (await context.newCDPSession(page)).send("Network.enable")],
  ["its end", (context) => context.close()],
];
it.each(spending)("is not used again after %s", async (_what, spend) => {
  const first = await openProfile(stage.browser);
  await spend(first.context, first.page);
  await first.release();
  expect(first.context.isClosed()).toBe(true);
  const second = await openProfile(stage.browser);
  expect(second.context).not.toBe(first.context);
  await second.release();
});

it("what ends with its page does not keep a profile from being used again", async () => {
  const first = await openProfile(stage.browser);
  await first.page.addInitScript("globalThis.left = 1");
  await first.page.exposeFunction("left", () => 1);
  await first.page.route("**/script.js", (route) => route.abort());
  await first.page.setViewportSize({ width: 300, height: 300 });
  await first.page.emulateMedia({ colorScheme: "dark" });
  const session = await first.context.newCDPSession(first.page);
  await session.send("Input.insertText", { text: "x" });
  await first.page.goto(origins[0] ?? "");
  await first.release();
  const second = await openProfile(stage.browser);
  expect(second.context).toBe(first.context);
  await second.page.goto(origins[0] ?? "");
  const left = await second.page.evaluate(() => ({
    left: "left" in globalThis,
    loaded: "loaded" in globalThis,
    width: innerWidth,
    isDark: matchMedia("(prefers-color-scheme: dark)").matches,
  }));
  expect(left).toEqual({ left: false, loaded: true, width: 1280, isDark: false });
  await second.release();
});

it("two people at once, other options and new profiles are apart", async () => {
  const opened: Profile[] = [];
  for (const options of [{}, {}, { hasTouch: true }, { profile: "new" as const }])
    opened.push(await openProfile(stage.browser, options));
  expect(new Set(opened.map(({ context }) => context)).size).toBe(opened.length);
  for (const profile of opened) await profile.release();
  expect(opened.map(({ context }) => context.isClosed())).toEqual([false, false, false, true]);
});
