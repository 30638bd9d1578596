/** Languages whose image is not the base: those that this machine has built. `npm run test:languages` tries everything in both tiers. */
import { createErrorFinder } from "@atelier/contracts/error-positions";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { languagesFolder } from "./execution-fixture.ts";
import { tryCheck } from "./languages/language-trial.ts";
import { errorPatternsOf, loadLanguages } from "./languages/load-languages.ts";
import { builtLanguages, isTierThere, type OpenTier, openTier } from "./tier-fixture.ts";

const languages = await loadLanguages(languagesFolder);
const finder = createErrorFinder(errorPatternsOf(languages));
const built = isTierThere("namespaces") ? new Set(await builtLanguages()) : new Set<string>();
const layered = languages.filter(({ image }) => image !== "base");

describe("languages with an image of their own", { timeout: 60_000 }, () => {
  let opened: OpenTier | undefined;
  beforeAll(async () => {
    if (layered.some(({ id }) => built.has(id))) opened = await openTier("namespaces");
  }, 60_000);
  afterAll(() => opened?.[Symbol.asyncDispose](), 30_000);

  for (const declaration of layered) {
    const { id } = declaration;
    it.skipIf(!built.has(id)).concurrent(`${id}: arguments, input, two files and the exit code`, async () => {
      if (opened === undefined) throw new Error("no sandboxes");
      const folder = join(languagesFolder, id);
      const cells = await tryCheck({ declaration, folder, finder, run: opened.run });
      expect(cells).toEqual(Object.fromEntries(Object.keys(cells).map((cell) => [cell, null])));
      expect(Object.keys(cells)).toContain("exit code");
    });
  }
});
