/** The part of Playwright's `Page` that the journeys use; browsers that Playwright cannot drive implement it too. */

/** The roles that the journeys use. */
export type JourneyRole =
  | "button"
  | "combobox"
  | "dialog"
  | "list"
  | "menu"
  | "menuitem"
  | "tab"
  | "textbox"
  | "treeitem";

type ByRole = { readonly name?: string | RegExp; readonly exact?: boolean };

export interface JourneyLocator {
  first(): JourneyLocator;
  locator(css: string): JourneyLocator;
  getByRole(role: JourneyRole, options?: ByRole): JourneyLocator;
  click(options?: { timeout?: number; button?: "left" | "right" }): Promise<void>;
  /** Focuses the element, then presses the key. */
  press(key: string): Promise<void>;
  pressSequentially(text: string): Promise<void>;
  waitFor(options?: { state?: "visible" | "detached" | "attached" | "hidden"; timeout?: number }): Promise<void>;
  count(): Promise<number>;
  textContent(): Promise<string | null>;
  allTextContents(): Promise<string[]>;
  innerText(): Promise<string>;
  inputValue(): Promise<string>;
  getAttribute(name: string): Promise<string | null>;
  selectOption(value: string): Promise<unknown>;
  evaluate<R>(read: (element: HTMLElement) => R): Promise<R>;
  evaluateAll<R>(read: (elements: HTMLElement[]) => R): Promise<R>;
}

export interface JourneyPage {
  locator(css: string): JourneyLocator;
  getByRole(role: JourneyRole, options?: ByRole): JourneyLocator;
  getByText(text: string): JourneyLocator;
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string, options?: { delay?: number }): Promise<void>;
  };
  evaluate<R>(run: () => R | Promise<R>): Promise<R>;
  evaluate<R, A>(run: (given: A) => R | Promise<R>, given: A): Promise<R>;
  goto(url: string, options?: { waitUntil?: "load" | "commit" }): Promise<unknown>;
  reload(): Promise<unknown>;
}
