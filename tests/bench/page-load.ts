/** W1 and W2: the time until the page accepts keys and until Monaco is shown, cold and warm, interleaved with a page that has only Monaco. */
import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { launchBrowser } from "../support/browser.ts";
import type { TestServer } from "../support/server.ts";
import { type AssetBytes, countJavaScript } from "./javascript-bytes.ts";
import { line, ratioLine, summarise } from "./statistics.ts";

const BARE_ROOT = fileURLToPath(new URL("bare-monaco", import.meta.url));
const BARE_OUT = fileURLToPath(new URL("../../node_modules/.cache/bare-monaco", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".html": "text/html",
  ".ttf": "font/ttf",
};

type Visit = {
  readonly marks: ReadonlyMap<string, number>;
  readonly paintMs: number;
  readonly assets: AssetBytes;
};

/** Serves the built yardstick as our own server serves its page: brotli, immutable assets. */
const serveBareMonaco = async () => {
  await build({
    root: BARE_ROOT,
    logLevel: "error",
    base: "./",
    build: { outDir: BARE_OUT, emptyOutDir: true, chunkSizeWarningLimit: 10_000 },
  });
  const packed = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "/index.html" : ((request.url ?? "").split("?")[0] ?? "");
    const answer = async (): Promise<void> => {
      const bytes = await readFile(join(BARE_OUT, path));
      const compressed =
        packed.get(path) ?? brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
      packed.set(path, compressed);
      response.writeHead(200, {
        "content-type": TYPES[extname(path)] ?? "application/octet-stream",
        "content-encoding": "br",
        "cache-control": path.endsWith(".html") ? "no-cache" : "public, max-age=31536000, immutable",
      });
      response.end(compressed);
    };
    answer().catch(() => response.writeHead(404).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { origin: `http://127.0.0.1:${port}/`, close: () => server.close() };
};

/** Cold and (third) warm visit of one address in a browser profile of its own. */
const visitTwice = async (browser: Browser, url: string, lastMark: string): Promise<{ cold: Visit; warm: Visit }> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const visit = async (): Promise<Visit> => {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForFunction((mark) => performance.getEntriesByName(mark).length > 0, lastMark, {
      polling: 20,
      timeout: 60_000,
    });
    const assets = await countJavaScript(page);
    const seen = await page.evaluate(() => ({
      marks: performance.getEntriesByType("mark").map((mark) => [mark.name, mark.startTime] as const),
      paintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    }));
    await page.close();
    return { marks: new Map(seen.marks), paintMs: seen.paintMs, assets };
  };
  try {
    const cold = await visit();
    // The browser keeps compiled code only after a second visit; warm is what a regular gets.
    await visit();
    return { cold, warm: await visit() };
  } finally {
    await context.close();
  }
};

/** @param rounds visits of each page, ours and the bare one in turn. */
export const benchPage = async (server: TestServer, rounds: number): Promise<string[]> => {
  const bare = await serveBareMonaco();
  const browser = await launchBrowser();
  try {
    // A first visit pays for the browser's own warm-up and for the yardstick's compression.
    await visitTwice(browser, bare.origin, "monaco-ready");
    await visitTwice(browser, server.origin, "atelier:monaco-ready");
    const ours: { cold: Visit; warm: Visit }[] = [];
    const theirs: { cold: Visit; warm: Visit }[] = [];
    for (let round = 0; round < rounds; round++) {
      theirs.push(await visitTwice(browser, bare.origin, "monaco-ready"));
      ours.push(await visitTwice(browser, server.origin, "atelier:monaco-ready"));
    }
    const lines: string[] = [];
    for (const heat of ["cold", "warm"] as const) {
      const at = (visits: typeof ours, mark: string) =>
        summarise(visits.map((visit) => visit[heat].marks.get(mark) ?? NaN));
      const monaco = at(ours, "atelier:monaco-ready");
      const yardstick = at(theirs, "monaco-ready");
      lines.push(
        line(`${heat}: first paint (code is in the HTML)`, summarise(ours.map((visit) => visit[heat].paintMs))),
        line(`${heat}: keys are taken`, at(ours, "atelier:keys-taken")),
        line(`${heat}: Monaco is in place`, monaco),
        line(`${heat}: bare Monaco is in place`, yardstick),
        ratioLine(`${heat}: Monaco / bare Monaco, p50`, monaco.p50, yardstick.p50),
      );
    }
    const first = ours[0]?.cold.assets;
    const bareFirst = theirs[0]?.cold.assets;
    lines.push(
      `  ${"JavaScript until Monaco is in place".padEnd(44)} ${((first?.bytes ?? NaN) / 1000).toFixed(0)} kB in ${first?.requests} requests`,
      `  ${"bare Monaco".padEnd(44)} ${((bareFirst?.bytes ?? NaN) / 1000).toFixed(0)} kB in ${bareFirst?.requests} requests`,
    );
    return lines;
  } finally {
    await browser.close();
    bare.close();
  }
};
