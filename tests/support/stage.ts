/** What most browser tests stand on: a server and a browser, which are shared with other files wherever that changes nothing. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, inject } from "vitest";
import { sharedBrowser } from "./browser.ts";
import { type ServerOptions, startServer, type TestServer } from "./server.ts";
import type { SharedServer } from "./shared-servers.ts";

/** There from the first `beforeEach` to the last `afterEach` of the file. */
export type Stage = { readonly browser: Browser; readonly server: SharedServer };

/**
 * The tier of programs in these tests, unless a file asks for another one: its sandboxes start with a third of gVisor's
 * processor time. What a run looks like in the tier that the server chooses is shown by the files that run programs.
 */
const QUICK_TIER = { SANDBOX: "namespaces" };

/** For files about runs: the server chooses the tier. */
export const CHOSEN_TIER = { SANDBOX: "auto" };

const sharedServer = async (tier: string): Promise<SharedServer> => {
  const response = await fetch(`${inject("sharedServers")}/${tier}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as SharedServer;
};

/** Has a browser there for the tests of a file. Called while the file is read. */
export const setBrowser = (): Pick<Stage, "browser"> => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });
  return {
    get browser() {
      if (browser === undefined) throw new Error("the browser is there when the tests begin");
      return browser;
    },
  };
};

/**
 * Has a browser and a server there for the tests of a file; a server of its own if there are options other than a tier. Called while the file
 * is read.
 */
export const setStage = (options: ServerOptions = {}): Stage => {
  const env = { ...QUICK_TIER, ...options.env };
  const isShared = Object.keys({ ...options, ...env }).every((name) => name === "env" || name === "SANDBOX");
  const stage = setBrowser();
  let own: TestServer | undefined;
  let server: SharedServer | undefined;
  beforeAll(async () => {
    if (!isShared) own = await startServer({ ...options, env });
    server = own ?? (await sharedServer(env.SANDBOX));
  }, 240_000);
  afterAll(() => own?.[Symbol.asyncDispose](), 120_000);
  return {
    get browser() {
      return stage.browser;
    },
    get server() {
      if (server === undefined) throw new Error("the stage is set when the tests begin");
      return server;
    },
  };
};
