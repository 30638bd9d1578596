/** How the page is built: relative assets, slim contracts, styles inside the HTML, compressed twins. */
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { inlineEntryStyles } from "./build/inline-entry-styles.ts";
import { languageTables } from "./build/language-tables.ts";
import { precompress } from "./build/precompress.ts";
import { slimContracts } from "./build/slim-contracts.ts";

/** What the build tells must be worth a warning to somebody who only starts the server: times of plug-ins are not. */
const rolldownOptions = { checks: { bundlerTimings: false } };

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [slimContracts(), languageTables(), react(), inlineEntryStyles(), precompress()],
  resolve: {
    alias: [
      // Its module, and not its script with a Monaco of its own; and that module's Monaco is the page's.
      { find: /^monaco-vim$/u, replacement: join(import.meta.dirname, "../../node_modules/monaco-vim/dist/index.mjs") },
      { find: /^monaco-editor\/esm\/vs\/(?<path>.*)$/u, replacement: "monaco-editor/$1" },
    ],
  },
  // HTML names assets from the root, for the server to put its base in front; everything else is relative to itself.
  experimental: {
    renderBuiltUrl: (filename, { hostType }) => (hostType === "html" ? `/${filename}` : { relative: true }),
  },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    target: ["chrome130", "firefox128", "safari18"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 6000,
    // Monaco is one chunk too, whichever late part uses some of it: each file more is a request more before it is shown.
    // Keys are taken after one script (W2): what the entry imports is one chunk, whichever late parts use some of it too.
    rolldownOptions: {
      ...rolldownOptions,
      output: {
        codeSplitting: {
          groups: [
            { name: "index", tags: ["$initial"], priority: 2 },
            { name: "pane", test: /\/features\/editor\/pane\.ts$/u, priority: 1 },
          ],
        },
      },
    },
  },
  worker: { format: "es", rolldownOptions },
  server: { host: "127.0.0.1" },
});
