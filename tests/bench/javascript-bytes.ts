/** W2: brotli bytes of JavaScript that the page asked for until Monaco was in place, as its own server sent them. */
import type { Page } from "playwright-core";

export type AssetBytes = { readonly requests: number; readonly bytes: number };

/** Starts counting script responses of a page; call the result when the moment has come. */
export const countJavaScript = (page: Page): (() => Promise<AssetBytes>) => {
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (request.resourceType() !== "script" && !request.url().endsWith(".js")) return;
    sizes.push(request.sizes().then((size) => size.responseBodySize));
  });
  return async () => {
    const bytes = await Promise.all(sizes);
    return { requests: bytes.length, bytes: bytes.reduce((sum, size) => sum + size, 0) };
  };
};
