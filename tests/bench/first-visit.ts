/** W4: an empty browser profile, no account, a line of one's own, one click, and that line's output. */
import { launchBrowser } from "../support/browser.ts";
import type { TestServer } from "../support/server.ts";
import { line, summarise } from "./statistics.ts";

/** @param rounds visits, each in a browser profile of its own; paced so that the pool has refilled. */
export const benchFirstVisit = async (server: TestServer, rounds: number): Promise<string[]> => {
  const browser = await launchBrowser();
  const totals: number[] = [];
  const clicks: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const page = await context.newPage();
      const beganAt = performance.now();
      await page.goto(server.origin, { waitUntil: "commit" });
      await page.waitForFunction(() => performance.getEntriesByName("atelier:keys-taken").length > 0, undefined, {
        polling: 10,
      });
      await page.evaluate(() =>
        document
          .querySelector<HTMLElement>("#editor .early-text, #editor .native-edit-context, #editor textarea")
          ?.focus(),
      );
      await page.keyboard.type(`print("mine ${round}")\n`);
      const clickedAt = performance.now();
      await page.getByRole("button", { name: "Run", exact: true }).first().click();
      await page.waitForFunction(
        (text) => document.querySelector("#slot-output .xterm-rows")?.textContent?.includes(text) === true,
        `mine ${round}`,
        { polling: 10, timeout: 60_000 },
      );
      totals.push(performance.now() - beganAt);
      clicks.push(performance.now() - clickedAt);
      await context.close();
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  } finally {
    await browser.close();
  }
  return [
    line("opening the page -> one's own output", summarise(totals)),
    line("of it after the click on Run", summarise(clicks)),
  ];
};
