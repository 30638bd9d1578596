/** Fills the built index.html for one visitor: the boot JSON, the first code, the base of assets. */
import { ASSETS_PATH, type Boot, BOOT_ELEMENT_ID, BOOT_MARKER, CODE_MARKER } from "@atelier/contracts";
import { createHash } from "node:crypto";

/** Characters of code in the HTML: enough for the first screens; the editor shows the rest. */
const MAX_FIRST_CODE = 64 * 1024;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeText = (text: string): string =>
  text.replaceAll(/[&<>"]/gu, (character) => ENTITIES[character] ?? character);

/** JSON for a script element: no text in it can end the element or open a comment. */
const escapeJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

export type PageTemplate = {
  fill(boot: Boot): string;
  /** `sha256-…` of the build's inline scripts, for the content security policy. */
  readonly scriptHashes: readonly string[];
};

/**
 * @param html the built index.html
 * @param assetsBase ASSET_BASE_URL, else BASE_PATH; written in front of every `"/assets/`
 * @throws Error when a marker is missing, because the page would have no first code
 */
export const createPageTemplate = (html: string, assetsBase: string): PageTemplate => {
  for (const marker of [BOOT_MARKER, CODE_MARKER]) {
    if (html.split(marker).length !== 2) throw new Error(`index.html must contain ${marker} exactly once`);
  }
  const based = html.replaceAll(`"${ASSETS_PATH}`, `"${assetsBase}${ASSETS_PATH}`);
  const scripts = [...based.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/gu)].map(
    (match) => match[1] ?? "",
  );
  return {
    scriptHashes: scripts.map((text) => `sha256-${createHash("sha256").update(text).digest("base64")}`),
    fill(boot) {
      const code = boot.file?.content ?? boot.sample?.content ?? "";
      // The first newline in a pre element is dropped by the parser.
      const first = escapeText(code.slice(0, MAX_FIRST_CODE)).replace(/^\n/u, "\n\n");
      const data = `<script type="application/json" id="${BOOT_ELEMENT_ID}">${escapeJson(boot)}</script>`;
      // Replacement functions, because `$&` in a replacement string has a special meaning, and users' code may contain it.
      return based.replace(CODE_MARKER, () => first).replace(BOOT_MARKER, () => data);
    },
  };
};
