/** The page on a phone: 390x844, touch, one pane at a time, Run in reach of the thumb. */
import { describe, expect, it } from "vitest";
import { EditorPage } from "../support/editor-page.ts";
import { setStage } from "../support/stage.ts";

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

describe("on a phone", () => {
  const stage = setStage();

  it(
    "a stranger runs the sample and answers it, and nothing is wider than the screen",
    { timeout: 90_000 },
    async () => {
      await using ada = await EditorPage.open(stage.browser, stage.server.origin, PHONE);
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
