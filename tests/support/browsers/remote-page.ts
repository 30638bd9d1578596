/** A page of a driven browser with Playwright's methods: locators that wait, keys by name, functions that run inside. */
import { eventually } from "../eventually.ts";
import type { DrivenPage } from "./driven-page.ts";
import { findElements, type Step } from "./find-elements.ts";
import type { JourneyLocator, JourneyPage } from "./journey-page.ts";

const WAIT_MS = 30_000;

/** WebDriver's code points of the named keys that tests press. */
const KEYS: Readonly<Record<string, string>> = {
  Alt: "\u{E00A}",
  ArrowDown: "\u{E015}",
  ArrowLeft: "\u{E012}",
  ArrowRight: "\u{E014}",
  ArrowUp: "\u{E013}",
  Backspace: "\u{E003}",
  Control: "\u{E009}",
  ControlOrMeta: "\u{E009}",
  Delete: "\u{E017}",
  End: "\u{E010}",
  Enter: "\u{E007}",
  Escape: "\u{E00C}",
  F1: "\u{E031}",
  F10: "\u{E03A}",
  F6: "\u{E036}",
  Home: "\u{E011}",
  Shift: "\u{E008}",
  Tab: "\u{E004}",
};
const codeOf = (key: string): string => KEYS[key] ?? (key.length === 1 ? key.toLowerCase() : key);

type ByRole = { readonly name?: string | RegExp; readonly exact?: boolean };
const roleStep = (role: string, { name, exact }: ByRole = {}): Step => ({
  kind: "role",
  role,
  ...(exact === undefined ? {} : { exact }),
  ...(name === undefined ? {} : name instanceof RegExp ? { name: name.source, flags: name.flags } : { name }),
});

/** The point at which a click on an element lands, or the reason why it cannot be clicked yet. Runs inside the page. */
const clickPoint = async ([element]: HTMLElement[]): Promise<{ x: number; y: number } | string> => {
  if (!element) return "it is not there";
  /** The part of the element that is inside the window and not clipped. */
  const shownPart = (): DOMRect => {
    let { left, top, right, bottom } = element.getBoundingClientRect();
    const cut = (by: { left: number; top: number; right: number; bottom: number }): void => {
      [left, top] = [Math.max(left, by.left), Math.max(top, by.top)];
      [right, bottom] = [Math.min(right, by.right), Math.min(bottom, by.bottom)];
    };
    cut({ left: 0, top: 0, right: innerWidth, bottom: innerHeight });
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      if (getComputedStyle(parent).overflow !== "visible") cut(parent.getBoundingClientRect());
    }
    return new DOMRect(left, top, right - left, bottom - top);
  };
  if (shownPart().width <= 0 || shownPart().height <= 0)
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
  const before = shownPart();
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const { left, top, width, height } = shownPart();
  if (width <= 0 || height <= 0) return "it is not shown";
  if (left !== before.left || top !== before.top) return "it moves";
  if (element.matches(":disabled")) return "it is disabled";
  const point = { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
  const hit = document.elementFromPoint(point.x, point.y);
  return hit !== null && (element.contains(hit) || hit.contains(element)) ? point : "something covers it";
};

export class RemotePage implements JourneyPage {
  readonly driven: DrivenPage;

  constructor(driven: DrivenPage) {
    this.driven = driven;
  }

  get keyboard() {
    return {
      /** `Control+Shift+A`, `Enter`, `x`. */
      press: async (key: string): Promise<void> => {
        const codes = (key === "+" ? ["+"] : key.split("+")).map(codeOf);
        const down = codes.map((value) => ({ type: "keyDown", value }));
        const up = codes.toReversed().map((value) => ({ type: "keyUp", value }));
        await this.driven.act([{ type: "key", id: "keyboard", actions: [...down, ...up] }]);
      },
      type: async (text: string, { delay: betweenMs = 0 }: { delay?: number } = {}): Promise<void> => {
        const actions = Array.from(text).flatMap((character) => {
          const value = character === "\r" || character === "\n" ? (KEYS["Enter"] ?? "") : character;
          const pause = betweenMs > 0 ? [{ type: "pause", duration: betweenMs }] : [];
          return [{ type: "keyDown", value }, { type: "keyUp", value }, ...pause];
        });
        await this.driven.act([{ type: "key", id: "keyboard", actions }]);
      },
    };
  }

  /** Presses and releases the right or left button in the middle of the located element. */
  async pressButton(on: JourneyLocator, button: "left" | "right"): Promise<void> {
    const { x, y } = await eventually(async () => {
      const point = await on.evaluateAll(clickPoint);
      if (typeof point === "string") throw new Error(`no click: ${point}`);
      return point;
    }, WAIT_MS);
    if (button === "right" && this.driven.rightClick) return this.driven.rightClick({ x, y });
    const number = button === "left" ? 0 : 2;
    const actions = [
      { type: "pointerMove", x, y, duration: 0 },
      { type: "pointerDown", button: number },
      { type: "pause", duration: 30 },
      { type: "pointerUp", button: number },
    ];
    await this.driven.act([{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }]);
  }

  locator(css: string): JourneyLocator {
    return new RemoteLocator(this, [{ kind: "css", css }]);
  }
  getByRole(role: string, options?: ByRole): JourneyLocator {
    return new RemoteLocator(this, [roleStep(role, options)]);
  }
  getByText(text: string): JourneyLocator {
    return new RemoteLocator(this, [{ kind: "text", text }]);
  }

  async evaluate<R, A>(run: (given: A) => R | Promise<R>, given?: A): Promise<R> {
    return (await this.driven.call(run.toString(), given === undefined ? [] : [given])) as R;
  }
  async goto(url: string, { waitUntil = "load" }: { waitUntil?: "load" | "commit" } = {}): Promise<void> {
    await this.driven.goto(url, waitUntil);
  }
  async reload(): Promise<void> {
    await this.driven.reload();
  }
}

class RemoteLocator implements JourneyLocator {
  readonly #page: RemotePage;
  readonly #steps: readonly Step[];

  constructor(page: RemotePage, steps: readonly Step[]) {
    this.#page = page;
    this.#steps = steps;
  }

  #with(step: Step): JourneyLocator {
    return new RemoteLocator(this.#page, [...this.#steps, step]);
  }
  first(): JourneyLocator {
    return this.#with({ kind: "first" });
  }
  locator(css: string): JourneyLocator {
    return this.#with({ kind: "css", css });
  }
  getByRole(role: string, options?: ByRole): JourneyLocator {
    return this.#with(roleStep(role, options));
  }

  async evaluateAll<R>(read: (elements: HTMLElement[]) => R): Promise<Awaited<R>> {
    const source = `(steps) => (${read.toString()})((${findElements.toString()})(steps))`;
    return (await this.#page.driven.call(source, [this.#steps])) as Awaited<R>;
  }
  /** Waits for the element. */
  async evaluate<R>(read: (element: HTMLElement) => R): Promise<R> {
    return eventually(async () => {
      const source = `(steps) => { const [first] = (${findElements.toString()})(steps);
        return first ? { value: (${read.toString()})(first) } : "not there"; }`;
      const answer = (await this.#page.driven.call(source, [this.#steps])) as { value: R } | "not there";
      if (answer === "not there") throw new Error(`nothing found: ${JSON.stringify(this.#steps)}`);
      return answer.value;
    }, WAIT_MS);
  }

  async click({ button = "left" }: { button?: "left" | "right" } = {}): Promise<void> {
    await this.#page.pressButton(this, button).catch((error: unknown) => {
      throw new Error(JSON.stringify(this.#steps), { cause: error });
    });
  }
  async press(key: string): Promise<void> {
    await this.evaluate((element) => element.focus());
    await this.#page.keyboard.press(key);
  }
  async pressSequentially(text: string): Promise<void> {
    await this.evaluate((element) => element.focus());
    await this.#page.keyboard.type(text);
  }
  async waitFor({
    state = "visible",
    timeout = WAIT_MS,
  }: { state?: "visible" | "detached" | "attached" | "hidden"; timeout?: number } = {}): Promise<void> {
    await eventually(async () => {
      const now = await this.evaluateAll(([element]) =>
        element === undefined ? "detached" : element.getClientRects().length > 0 ? "visible" : "hidden",
      );
      const isSo = now === state || (state === "attached" && now !== "detached");
      if (!isSo && !(state === "hidden" && now === "detached")) {
        throw new Error(`${JSON.stringify(this.#steps)} is ${now}, not ${state}`);
      }
    }, timeout);
  }
  async count(): Promise<number> {
    return this.evaluateAll(({ length }) => length);
  }
  async textContent(): Promise<string | null> {
    return this.evaluate((element) => element.textContent);
  }
  async allTextContents(): Promise<string[]> {
    return this.evaluateAll((elements) => elements.map((element) => element.textContent));
  }
  async innerText(): Promise<string> {
    return this.evaluate((element) => element.innerText);
  }
  async inputValue(): Promise<string> {
    return this.evaluate((element) => (element as HTMLInputElement).value);
  }
  async getAttribute(name: string): Promise<string | null> {
    const attributes = await this.evaluate((element) =>
      Object.fromEntries([...element.attributes].map((attribute) => [attribute.name, attribute.value])),
    );
    return attributes[name] ?? null;
  }
  /** Changes the field and then dispatches its events, as when a user chooses from the list. */
  async selectOption(value: string): Promise<void> {
    const source = `(steps, value) => { const [field] = (${findElements.toString()})(steps); field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true })); }`;
    await this.waitFor();
    await this.#page.driven.call(source, [this.#steps, value]);
  }
}
