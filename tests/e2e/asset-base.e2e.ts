/** ASSET_BASE_URL: every script, style, font and worker is loaded from another origin, and the page works. */
import { createReadStream, existsSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { EditorPage } from "../support/editor-page.ts";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server.ts";
import { setBrowser } from "../support/stage.ts";

const DIST = fileURLToPath(new URL("../../packages/web/dist", import.meta.url));
const stage = setBrowser();
const PREFIX = "/of/atelier";
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
  ".svg": "image/svg+xml",
};

/** What a content delivery network is to the page: a folder of files that anybody may load. */
const serveAssets = async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://assets");
    const file = join(DIST, pathname.slice(PREFIX.length));
    if (!/^\/of\/atelier\/assets\/[\w.-]+$/u.test(pathname) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    asked.push(pathname);
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    });
    createReadStream(file).pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

it("the page works with its assets on another origin", { timeout: 120_000 }, async () => {
  await using assets = await serveAssets();
  await using server = await startServer({
    env: { ASSET_BASE_URL: `${assets.origin}${PREFIX}/`, SANDBOX: "namespaces" },
  });
  await using ada = await EditorPage.open(stage.browser, "about:blank");
  const refused: string[] = [];
  const own: string[] = [];
  ada.page.on("requestfailed", (request) => refused.push(`${request.url()} ${request.failure()?.errorText ?? ""}`));
  ada.page.on("request", (request) => {
    if (request.url().startsWith(`${server.origin}/assets/`)) own.push(request.url());
  });
  await ada.page.goto(server.origin);
  await ada.editorReady();
  // The worker computes the words that are offered while typing.
  await ada.replaceAll("remarkable_name = 1\nprint(rem");
  await ada.focusEnd();
  await ada.page.keyboard.press("Control+Space");
  await ada.page.locator(".suggest-widget .monaco-list-row", { hasText: "remarkable_name" }).waitFor();
  expect(ada.page.workers()).toHaveLength(1);
  await ada.page.keyboard.press("Escape");

  await ada.replaceAll("print('from afar')\n");
  await ada.run();
  await ada.outputContains("from afar");
  await ada.ended(/exit 0/u);
  await ada.page.getByRole("button", { name: "Share" }).click();
  await ada.page.getByRole("dialog").waitFor();

  const fonts = () =>
    ada.page.evaluate(() =>
      [...document.fonts].filter(({ status }) => status === "loaded").map(({ family }) => family),
    );
  await eventually(async () => expect((await fonts()).join()).toMatch(/Inter.*JetBrains|JetBrains.*Inter/u));
  expect(assets.asked.filter((path) => path.endsWith(".woff2")).length).toBeGreaterThanOrEqual(2);
  expect(assets.asked.some((path) => path.includes("worker"))).toBe(true);
  expect({ own, refused, faults: ada.faults }).toEqual({ own: [], refused: [], faults: [] });
});
