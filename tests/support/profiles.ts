/** Browser profiles for tests: each test begins as a new visitor, in a browser that may have the page's code already. */
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";

type ContextOptions = NonNullable<Parameters<Browser["newContext"]>[0]>;

export type ProfileOptions = ContextOptions & {
  /**
   * `new`: the browser has cached nothing of the site, for tests about first visits, caches and transferred bytes. Otherwise an earlier test's
   * profile may be used again: emptied, but with its HTTP cache and compiled scripts, which halves the processor time of opening the page.
   */
  readonly profile?: "new";
  /** Called with the blank page, for routes and scripts that the first address is to have. */
  readonly before?: (page: Page) => Promise<unknown>;
};

export type Profile = {
  readonly context: BrowserContext;
  /** Blank. */
  readonly page: Page;
  /** Closes the profile's pages, and the profile itself unless another test can use it. */
  readonly release: () => Promise<void>;
};

const DESKTOP = { width: 1280, height: 800 };

/** What a test may do with a context because `empty` undoes it. Everything else that a context can do ends its reuse. */
const UNDONE: ReadonlySet<string> = new Set([
  "addCookies",
  "browser",
  "clearCookies",
  "clearPermissions",
  "close",
  "cookies",
  "grantPermissions",
  "isClosed",
  "newPage",
  "pages",
  "setOffline",
]);
const REQUESTS: ReadonlySet<string> = new Set(["delete", "fetch", "get", "head", "patch", "post", "put"]);
const LISTENING = ["addListener", "on", "once", "prependListener", "prependOnceListener"];

/** A context that notices when something is done with it that `empty` cannot undo. */
class ReusableContext {
  readonly context: BrowserContext;
  readonly #options: ContextOptions;
  readonly #openSession: (page: Page) => Promise<CDPSession>;
  #isSpent = false;

  constructor(context: BrowserContext, options: ContextOptions) {
    this.context = context;
    this.#options = options;
    this.#openSession = context.newCDPSession.bind(context);
    this.#watch(context, UNDONE, LISTENING);
    this.#watch(context.request, REQUESTS);
    for (const part of [context.clock, context.debugger, context.tracing]) this.#watch(part, new Set());
    context.newCDPSession = async (target) => {
      const session = await this.#openSession(target as Page);
      const send = session.send.bind(session) as (method: string, ...rest: unknown[]) => Promise<never>;
      session.send = (method: string, ...rest: unknown[]) => {
        // Input is over with its page. Other commands may change the whole context.
        if (!method.startsWith("Input.")) this.#isSpent = true;
        return send(method, ...rest);
      };
      return session;
    };
  }

  get isReusable(): boolean {
    return !this.#isSpent && !this.context.isClosed();
  }

  /** Has all methods of a Playwright object, and `more`, end the reuse when they are called, except those in `undone`. */
  #watch(object: object, undone: ReadonlySet<string>, more: readonly string[] = []): void {
    for (const name of [...Object.getOwnPropertyNames(Object.getPrototypeOf(object)), ...more]) {
      const method: unknown = Reflect.get(object, name);
      if (name === "constructor" || name.startsWith("_") || undone.has(name) || typeof method !== "function") continue;
      const value = (...args: unknown[]): unknown => {
        this.#isSpent = true;
        return Reflect.apply(method, object, args);
      };
      Object.defineProperty(object, name, { value, writable: true });
    }
  }

  /** Removes what earlier pages of the context stored and were allowed. @returns a blank page */
  async empty(): Promise<Page> {
    const { context } = this;
    await Promise.all([context.setOffline(this.#options.offline ?? false), context.clearPermissions()]);
    if (this.#options.permissions) await context.grantPermissions(this.#options.permissions);
    const page = await context.newPage();
    const session = await this.#openSession(page);
    // Of all origins: local storage, IndexedDB, Cache Storage, service workers, files. The HTTP cache is none of these.
    await session.send("Storage.clearDataForOrigin", { origin: "*", storageTypes: "all" });
    await session.detach();
    await context.clearCookies();
    return page;
  }
}

type Idle = { readonly options: string; readonly reusable: ReusableContext };
/** What tests gave back. */
const idle = new WeakMap<Browser, Idle[]>();

/** The context that was given back last, because it has cached the most. */
const takeIdle = (browser: Browser, options: string): ReusableContext | undefined => {
  const all = idle.get(browser) ?? [];
  const index = all.findLastIndex((each) => each.options === options);
  return index === -1 ? undefined : all.splice(index, 1)[0]?.reusable;
};

const giveBack = (browser: Browser, context: Idle): void => {
  const all = idle.get(browser);
  if (all) all.push(context);
  else idle.set(browser, [context]);
};

const pageIn = async (browser: Browser, options: ContextOptions, isNew: boolean): Promise<Profile> => {
  if (isNew) {
    const context = await browser.newContext(options);
    return { context, page: await context.newPage(), release: () => context.close() };
  }
  const key = JSON.stringify(options);
  const used = takeIdle(browser, key);
  const reusable = used ?? new ReusableContext(await browser.newContext(options), options);
  const { context } = reusable;
  const page = await (used?.empty() ?? context.newPage());
  let isReleased = false;
  const release = async (): Promise<void> => {
    if (isReleased) return;
    isReleased = true;
    if (!reusable.isReusable) return context.close();
    await Promise.all(context.pages().map((each) => each.close()));
    // Emptied when it is taken again: until then what the closed pages still had to do is done.
    giveBack(browser, { options: key, reusable });
  };
  return { context, page, release };
};

/** A profile that nobody else has until it is released: no cookies, nothing stored, no permissions except those in the options. */
export const openProfile = async (
  browser: Browser,
  { profile: kind, before, ...options }: ProfileOptions = {},
): Promise<Profile> => {
  const profile = await pageIn(browser, { viewport: DESKTOP, ...options }, kind === "new");
  await before?.(profile.page);
  return profile;
};
