/** What most browser tests stand on: one server and one browser for all tests of a file. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type ServerOptions, startServer, type TestServer } from "./server.ts";

/** There from the first `beforeEach` to the last `afterEach` of the file. */
export type Stage = { readonly browser: Browser; readonly server: TestServer };

/**
 * The tier of programs in these tests, unless a file asks for another one: its sandboxes start with a third of gVisor's
 * processor time. What a run looks like in the tier that the server chooses is shown by the files that run programs.
 */
const QUICK_TIER = { SANDBOX: "namespaces" };

/** For files about runs: the server chooses the tier. */
export const CHOSEN_TIER = { SANDBOX: "auto" };

/** Starts both before the file's tests and ends both after them. Called while the file is read. */
export const setStage = (options: ServerOptions = {}): Stage => {
  let browser: Browser | undefined;
  let server: TestServer | undefined;
  const there = <T>(thing: T | undefined): T => {
    if (thing === undefined) throw new Error("the stage is set when the tests begin");
    return thing;
  };
  beforeAll(async () => {
    [browser, server] = await Promise.all([
      launchBrowser(),
      startServer({ ...options, env: { ...QUICK_TIER, ...options.env } }),
    ]);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  }, 120_000);
  return {
    get browser() {
      return there(browser);
    },
    get server() {
      return there(server);
    },
  };
};
