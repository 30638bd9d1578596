/** A browser that is too old shows one sentence with the versions that work. */
import { expect, it } from "vitest";
import { openProfile } from "../support/profiles.ts";
import { setStage } from "../support/stage.ts";

const stage = setStage();
const SAYS = /Chrome or Edge 130, Firefox 128 or Safari 18/u;

it.each([
  ["modules", () => delete (HTMLScriptElement.prototype as Partial<HTMLScriptElement>).noModule],
  ["popovers", () => delete (HTMLElement.prototype as Partial<HTMLElement>).popover],
  ["Promise.withResolvers", () => delete (Promise as Partial<PromiseConstructor>).withResolvers],
  ["two colours in one", () => Object.assign(CSS, { supports: () => false })],
  ["words of every language", () => Reflect.deleteProperty(Intl, "Segmenter")],
])("without %s it says which versions work", async (_what, age) => {
  const { page, release } = await openProfile(stage.browser);
  await page.addInitScript(age);
  await page.goto(stage.server.origin);
  const note = page.getByRole("alert").filter({ hasText: "Atelier" });
  await note.waitFor();
  expect(await note.textContent()).toMatch(SAYS);
  // There is no button, because none would work.
  expect(await page.getByRole("button", { name: "Run" }).count()).toBe(0);
  await release();
});

it("a current browser gets no message, and nothing violates the content security policy", async () => {
  const { page, release } = await openProfile(stage.browser);
  const violations: string[] = [];
  await page.exposeFunction("tellViolation", (directive: string) => violations.push(directive));
  await page.addInitScript(() => {
    const { tellViolation } = globalThis as unknown as { tellViolation: (directive: string) => void };
    addEventListener("securitypolicyviolation", ({ violatedDirective }) => tellViolation(violatedDirective));
  });
  await page.goto(stage.server.origin);
  await page.locator("#editor .monaco-editor .view-line").first().waitFor({ timeout: 30_000 });
  expect(await page.getByText(SAYS).isVisible()).toBe(false);
  expect(violations).toEqual([]);
  await release();
});
