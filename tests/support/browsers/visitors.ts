/** Visitors of the page in a browser of one kind, whichever driver it has. */
import { launchBrowser } from "../browser.ts";
import { EditorPage } from "../editor-page.ts";
import { openProfile } from "../profiles.ts";
import type { DrivenBrowser } from "./driven-page.ts";
import { firefoxProgram, launchFirefox } from "./firefox.ts";
import type { JourneyPage } from "./journey-page.ts";
import { RemotePage } from "./remote-page.ts";
import { launchWebKit, webkitMissing } from "./webkit.ts";

export type Visitors = {
  /** A new visitor: an empty profile, a window of 1280 x 800. */
  readonly open: (url: string, wait?: "load" | "commit") => Promise<EditorPage<JourneyPage>>;
  readonly close: () => Promise<void>;
};
export type Launch = () => Promise<Visitors>;

const SIZE = { width: 1280, height: 800 };

/** Errors that are no faults of the page: the tests stop servers on purpose. */
const EXPECTED = /Failed to load resource|WebSocket|can’t establish a connection/u;

const driven =
  (launch: () => Promise<DrivenBrowser>): Launch =>
  async () => {
    const browser = await launch();
    return {
      open: async (url, wait = "load") => {
        const page = await browser.newPage(SIZE);
        await page.goto(url, wait);
        return new EditorPage<JourneyPage>(new RemotePage(page), {
          get faults() {
            return page.faults.filter((fault) => !EXPECTED.test(fault));
          },
          close: page.close,
        });
      },
      close: browser.close,
    };
  };

/** The whole of Chromium, unlike most tests. */
export const inChromium: Launch = async () => {
  const browser = await launchBrowser();
  return {
    open: async (url, wait = "load") => {
      const profile = await openProfile(browser);
      const editor = EditorPage.of(profile);
      await profile.page.goto(url, { waitUntil: wait });
      return editor;
    },
    close: () => browser.close(),
  };
};
export const inFirefox: Launch = driven(launchFirefox);
export const inWebKit: Launch = driven(launchWebKit);

/** Whether the browser is installed. Ubuntu has Firefox only as a snap, which cannot be driven. */
export const isFirefoxHere = firefoxProgram() !== undefined;
export const isWebKitHere = webkitMissing().length === 0;
