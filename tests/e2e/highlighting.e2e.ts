/** Syntax colours where they are seen: every language that has a grammar shows its sample in more than one colour. */
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { Language } from "@atelier/contracts";
import { readLanguages } from "../../packages/web/build/language-tables.ts";
import { signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { setPeople } from "../support/people.ts";
import { setStage } from "../support/stage.ts";

const stage = setStage();
const people = setPeople(stage);

/** The kinds of tokens on the screen and the colours they are drawn in. */
const seen = (page: Page): Promise<{ kinds: number; colors: number }> =>
  page.locator("#editor .view-line span[class*=mtk]").evaluateAll((spans) => ({
    kinds: new Set(spans.map((span) => [...span.classList].find((name) => /^mtk\d+$/u.test(name)))).size,
    colors: new Set(spans.map((span) => getComputedStyle(span).color)).size,
  }));

const languages = readLanguages(fileURLToPath(new URL("../../languages", import.meta.url)))
  .filter(({ editor }) => editor.grammar !== undefined)
  .map(({ id, extensions }) => ({ id, file: `${id}${extensions[0]}` }));
/** As many files as the tree shows without scrolling. */
const SHOWN_ROWS = 14;
const groups = Array.from({ length: Math.ceil(languages.length / SHOWN_ROWS) }, (_, at) =>
  languages.slice(at * SHOWN_ROWS, (at + 1) * SHOWN_ROWS),
);

it.each(groups.map((group) => [group.map(({ id }) => id).join(" "), group] as const))("%s", async (_, group) => {
  const { origin } = stage.server;
  const samples = (await (await fetch(`${origin}/api/languages`)).json()) as Language[];
  const owner = await signInAsGuest(origin);
  const project = await owner.createProject({ name: "colours" });
  for (const { id, file } of group) {
    const content = samples.find((one) => one.id === id)?.sample.content ?? "";
    // Its first line says which file is shown.
    await owner.createFile(project.id, file, `${id} is here\n${content}`);
  }
  const link = (await owner.call("POST", `/projects/${project.id}/links`, { role: "viewer" })) as { url: string };
  const visitor = await people.visit(new URL(link.url, origin).pathname);
  await visitor.editorReady();
  for (const { id, file } of group) {
    await visitor.page.getByRole("treeitem", { name: file, exact: true }).click();
    await eventually(async () => {
      expect(await visitor.shownText()).toContain(`${id} is here`);
      const { kinds, colors } = await seen(visitor.page);
      expect(kinds, id).toBeGreaterThan(1);
      expect(colors, id).toBeGreaterThan(1);
    }, 30_000);
  }
});

it("a file of no known language has one colour; a TextMate grammar is fetched for one that Monaco does not know", async () => {
  const owner = await signInAsGuest(stage.server.origin);
  const project = await owner.createProject({ name: "plain" });
  await owner.createFile(project.id, "notes.txt", 'for word in "a plain text": return 42 # and no more\n');
  await owner.createFile(project.id, "settings.toml", '[table]\nkey = "text" # and a note\n');
  const link = (await owner.call("POST", `/projects/${project.id}/links`, { role: "viewer" })) as { url: string };
  const visitor = await people.visit(new URL(link.url, stage.server.origin).pathname);
  await visitor.editorReady();
  await eventually(async () => expect(await visitor.shownText()).toContain("no more"));
  expect(await seen(visitor.page)).toEqual({ kinds: 1, colors: 1 });
  const grammars = (): Promise<string[]> =>
    visitor.page.evaluate(() =>
      performance.getEntriesByType("resource").flatMap(({ name }) => /(?:textmate|toml)-/u.exec(name)?.[0] ?? []),
    );
  expect(await grammars()).toEqual([]);
  await visitor.page.getByRole("treeitem", { name: "settings.toml" }).click();
  // The table's name, its value, the comment, and the text around them.
  await eventually(async () => expect((await seen(visitor.page)).colors).toBeGreaterThanOrEqual(4), 30_000);
  expect((await grammars()).toSorted()).toEqual(["textmate-", "toml-"]);
  expect(visitor.faults).toEqual([]);
});
