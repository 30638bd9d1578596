/** Moves the entry's style sheet into index.html, so that the first paint needs only the HTML. */
import type { Plugin } from "vite";

const LINK = /<link rel="stylesheet"[^>]*href="\/(?<file>[^"]+\.css)"[^>]*>/gu;

/** Relative addresses in a style sheet count from its own folder, which the HTML does not share. */
const rebase = (css: string, folder: string): string =>
  css.replaceAll(
    /url\((?<quote>["']?)(?:\.\/)?(?<file>[\w-]+\.[\w.-]+)\k<quote>\)/gu,
    (_, _quote: string, file: string) => `url("/${folder}/${file}")`,
  );

export const inlineEntryStyles = (): Plugin => ({
  name: "atelier:inline-entry-styles",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle }) {
      return html.replaceAll(LINK, (link, file: string) => {
        const asset = bundle?.[file];
        if (asset?.type !== "asset") return link;
        const css = typeof asset.source === "string" ? asset.source : new TextDecoder().decode(asset.source);
        return `<style>${rebase(css, file.slice(0, file.lastIndexOf("/")))}</style>`;
      });
    },
  },
});
