/** W2: brotli bytes of JavaScript that the page requested until Monaco was shown, from the browser's resource timing. */
import type { Page } from "playwright-core";

export type AssetBytes = { readonly requests: number; readonly bytes: number };

/** Scripts that this page has loaded so far; a script from the browser's cache counts with the bytes it once had on the wire. */
export const countJavaScript = (page: Page): Promise<AssetBytes> =>
  page.evaluate(() => {
    const scripts = performance
      .getEntriesByType("resource")
      .filter((entry): entry is PerformanceResourceTiming => new URL(entry.name).pathname.endsWith(".js"));
    return {
      requests: scripts.length,
      bytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    };
  });
