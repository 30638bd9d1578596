/** Debian's Chromium through playwright-core, with what a closed network and a root user need. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Debian's own program first: the script in /usr/bin adds extensions and flags that cost a sixth of the time of a page. */
const WHOLE = [
  "/usr/lib/chromium/chromium",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
/** The same engine without the browser's own windows: a launch and a profile take a third of the processor time. */
const SHELL = "/usr/lib/chromium/chromium-headless-shell";

/**
 * @param parts `whole`: with the browser's own windows, though nobody sees them. `shell`: the engine alone where it is installed.
 * @throws Error naming the package when there is no Chromium.
 */
export const launchBrowser = async (parts: "whole" | "shell" = "whole"): Promise<Browser> => {
  const paths = parts === "shell" ? [SHELL, ...WHOLE] : WHOLE;
  const executablePath = paths.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium here: install the package chromium");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
};

let shared: Promise<Browser> | undefined;

/** The browser of this process for all tests that do not close it. Playwright ends it with the process. */
export const sharedBrowser = async (): Promise<Browser> => {
  const browser = await shared?.catch(() => undefined);
  if (browser?.isConnected() === true) return browser;
  shared = launchBrowser("shell");
  return shared;
};
