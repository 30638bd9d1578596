/** The page on a phone: 390x844, touch, one pane at a time, Run in reach of the thumb. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { EditorPage } from "../support/editor-page.ts";
import { startServer, type TestServer } from "../support/server.ts";

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

describe("on a phone", () => {
  let browser: Browser;
  let server: TestServer;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startServer();
  }, 90_000);
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  it(
    "a stranger runs the sample and answers it, and nothing is wider than the screen",
    { timeout: 90_000 },
    async () => {
      await using ada = await EditorPage.open(browser, server.origin, PHONE);
      await ada.editorReady();
      const overflow = () => ada.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await ada.run();
      await ada.page.getByText("Waiting for input").waitFor();
      expect(await overflow()).toBeLessThanOrEqual(0);
      await ada.page.getByRole("textbox", { name: "Input for the program" }).last().fill("Ada");
      await ada.page.getByRole("button", { name: "Send" }).tap();
      await ada.ended(/exit 0/u);
      await ada.outputContains("Ada");
      expect(ada.faults).toEqual([]);
    },
  );
});
