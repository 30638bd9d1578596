/** Markdown as a page: HTML in it is shown as text, and only links of harmless schemes are links. */
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false, linkify: true });

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:2rem 1.25rem;overflow-wrap:break-word}
h1,h2{border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent);padding-bottom:.25em}h1,h2,h3{line-height:1.25}
code,pre{font-family:ui-monospace,monospace;font-size:.875em;background:color-mix(in srgb,currentColor 8%,transparent);border-radius:4px}code{padding:.15em .3em}
pre{padding:.9em 1em;overflow:auto}pre code{padding:0;background:none;font-size:1em}img{max-width:100%}
table{border-collapse:collapse;display:block;overflow:auto}td,th{border:1px solid color-mix(in srgb,currentColor 25%,transparent);padding:.35em .75em}
blockquote{margin-inline:0;padding-inline-start:1em;border-inline-start:4px solid color-mix(in srgb,currentColor 25%,transparent)}`;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** @param name shown as the title */
export const markdownPage = (name: string, text: string): string =>
  `<!doctype html><html lang=""><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${escape(name)}</title><style>${STYLE}</style></head><body><main>${markdown.render(text)}</main></body></html>`;

/** A page that says why there is nothing to show. */
export const faultPage = (title: string, words: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${escape(title)}</title><style>${STYLE}</style></head><body><main><h1>${escape(title)}</h1><p>${escape(words)}</p></main></body></html>`;

/** The policy of both: nothing of the text runs. @param hash of the one script */
export const plainPagePolicy = (hash: string): string =>
  `default-src 'none'; script-src ${hash}; style-src 'unsafe-inline'; img-src * data: blob:; media-src *; base-uri 'none'; form-action 'none'`;
