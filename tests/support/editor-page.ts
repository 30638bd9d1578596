/** Atelier's page as a person uses it: by the names and regions that anybody can find on it. */
import { expect } from "vitest";
import type { Browser, Page } from "playwright-core";
import type { JourneyPage } from "./browsers/journey-page.ts";
import { eventually } from "./eventually.ts";
import { openProfile, type Profile, type ProfileOptions } from "./profiles.ts";

/** `P` is Playwright's page, or one of a browser that Playwright cannot drive. */
export class EditorPage<P extends JourneyPage = Page> implements AsyncDisposable {
  readonly page: P;
  readonly #close: () => Promise<void>;
  readonly #from: { readonly faults: readonly string[] };

  constructor(page: P, from: { readonly faults: readonly string[]; readonly close: () => Promise<void> }) {
    this.page = page;
    this.#from = from;
    this.#close = from.close;
  }

  /** Errors that the page reported; a journey must end with none. */
  get faults(): readonly string[] {
    return this.#from.faults;
  }

  /** Playwright's page, with listeners for its errors; its profile is released at the end. */
  static of({ page, release }: Profile): EditorPage {
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/Failed to load resource|WebSocket connection/u.test(message.text())) {
        faults.push(message.text());
      }
    });
    return new EditorPage(page, { faults, close: release });
  }

  /** A new visitor: an empty browser profile. */
  static async open(browser: Browser, url: string, options: ProfileOptions = {}): Promise<EditorPage> {
    const profile = await openProfile(browser, options);
    const editor = EditorPage.of(profile);
    await profile.page.goto(url);
    return editor;
  }

  get runButton(): ReturnType<P["getByRole"]> {
    return this.page.getByRole("button", { name: "Run", exact: true }) as ReturnType<P["getByRole"]>;
  }

  /** Monaco has taken over from the first input surface. */
  async editorReady(): Promise<void> {
    await this.page.locator("#editor .monaco-editor .view-line").first().waitFor({ timeout: 30_000 });
  }

  /** The text as shown by the editor; only what fits on the screen. */
  async shownText(): Promise<string> {
    const lines = await this.page.locator("#editor .view-lines .view-line").evaluateAll((nodes) =>
      nodes
        .map((node) => ({ top: Number.parseFloat(node.style.top), text: node.textContent ?? "" }))
        .toSorted((a, b) => a.top - b.top)
        .map(({ text }) => text.replaceAll("\u00a0", " ")),
    );
    return lines.join("\n");
  }

  async focusEnd(): Promise<void> {
    await this.page.locator("#editor .view-lines").click();
    await this.page.keyboard.press("ControlOrMeta+End");
  }

  async replaceAll(text: string): Promise<void> {
    await this.page.locator("#editor .view-lines").click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press("Delete");
    // As a paste, so that nothing is indented or closed for the typist.
    await this.page.evaluate((pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", pasted);
      const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      // Firefox omits it.
      if (!event.clipboardData?.types.length) Object.defineProperty(event, "clipboardData", { value: clipboardData });
      document.activeElement?.dispatchEvent(event);
    }, text);
  }

  async saved(timeoutMs = 60_000): Promise<void> {
    await eventually(async () => {
      expect(await this.page.locator(".save-state").getAttribute("data-state")).toBe("saved");
    }, timeoutMs);
  }

  async run(): Promise<void> {
    await this.runButton.click();
  }

  /** The console's text, with the lines as the terminal shows them. */
  async output(): Promise<string> {
    const rows = await this.page.locator("#slot-output .xterm-rows > div").allTextContents();
    if (rows.length > 0) return rows.join("\n").replaceAll("\u00a0", " ").trimEnd();
    return (await this.page.locator("#slot-output").innerText()).trimEnd();
  }

  async outputContains(text: string, timeoutMs = 60_000): Promise<void> {
    await eventually(async () => expect(await this.output()).toContain(text), timeoutMs);
  }

  /** How the run ended: its headline, and the facts shown on hover, such as `exit 0`. */
  async ended(words: string | RegExp, timeoutMs = 60_000): Promise<void> {
    await eventually(async () => expect(await this.page.locator(".exit-line").textContent()).toMatch(words), timeoutMs);
  }

  async address(): Promise<URL> {
    return new URL(await this.page.evaluate(() => location.href));
  }

  /** The id of the open project. */
  async slug(): Promise<string> {
    return (await this.address()).pathname.split("/").at(-1) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
