/** What tests need of a browser that speaks WebDriver, with either of its two protocols. */

/** One input source's actions as in WebDriver; both protocols use the same form. */
export type InputSource = {
  readonly type: "key" | "pointer" | "none";
  readonly id: string;
  readonly parameters?: { readonly pointerType: "mouse" };
  readonly actions: readonly Readonly<Record<string, unknown>>[];
};

/** A window with an empty profile of its own. */
export type DrivenPage = {
  /**
   * Calls a function in the page and awaits its result. Arguments and result are JSON; undefined is returned as undefined.
   * @throws Error with the page's message
   */
  readonly call: (functionSource: string, args: readonly unknown[]) => Promise<unknown>;
  readonly act: (sources: readonly InputSource[]) => Promise<void>;
  /** Clicks with the right button at a point of the page; for drivers whose own right click is wrong. */
  readonly rightClick?: (point: { readonly x: number; readonly y: number }) => Promise<void>;
  /** Resolves when the document is loaded, or with "commit" as soon as it begins. */
  readonly goto: (url: string, wait: "load" | "commit") => Promise<void>;
  readonly reload: () => Promise<void>;
  /** A PNG of the window. */
  readonly screenshot: () => Promise<Buffer>;
  /** Errors that the page logged or did not catch, as far as the browser reports them. */
  readonly faults: readonly string[];
  readonly close: () => Promise<void>;
};

/** A running browser: each page is a new visitor. */
export type DrivenBrowser = {
  readonly name: string;
  readonly newPage: (size: { readonly width: number; readonly height: number }) => Promise<DrivenPage>;
  readonly close: () => Promise<void>;
};
