/** Registers every syntax the page can colour; each grammar is fetched when a file first needs it. */
import "monaco-editor/languages/definitions/bat/register";
import "monaco-editor/languages/definitions/coffee/register";
import "monaco-editor/languages/definitions/css/register";
import "monaco-editor/languages/definitions/dart/register";
import "monaco-editor/languages/definitions/dockerfile/register";
import "monaco-editor/languages/definitions/fsharp/register";
import "monaco-editor/languages/definitions/graphql/register";
import "monaco-editor/languages/definitions/handlebars/register";
import "monaco-editor/languages/definitions/hcl/register";
import "monaco-editor/languages/definitions/html/register";
import "monaco-editor/languages/definitions/ini/register";
import "monaco-editor/languages/definitions/julia/register";
import "monaco-editor/languages/definitions/less/register";
import "monaco-editor/languages/definitions/markdown/register";
import "monaco-editor/languages/definitions/mdx/register";
import "monaco-editor/languages/definitions/objective-c/register";
import "monaco-editor/languages/definitions/powershell/register";
import "monaco-editor/languages/definitions/protobuf/register";
import "monaco-editor/languages/definitions/pug/register";
import "monaco-editor/languages/definitions/restructuredtext/register";
import "monaco-editor/languages/definitions/scss/register";
import "monaco-editor/languages/definitions/solidity/register";
import "monaco-editor/languages/definitions/swift/register";
import "monaco-editor/languages/definitions/systemverilog/register";
import "monaco-editor/languages/definitions/twig/register";
import "monaco-editor/languages/definitions/vb/register";
import "monaco-editor/languages/definitions/wgsl/register";
import "monaco-editor/languages/definitions/xml/register";
import "monaco-editor/languages/definitions/yaml/register";
import "virtual:languages/monaco-grammars";
import { languages } from "monaco-editor/editor";
import { TEXTMATE_LANGUAGES } from "./textmate-languages.ts";

const PAIRS: [string, string][] = [
  ["{", "}"],
  ["[", "]"],
  ["(", ")"],
];

for (const [id, { comments, brackets = [], quotes = ['"'], load }] of Object.entries(TEXTMATE_LANGUAGES)) {
  languages.register({ id });
  languages.registerTokensProviderFactory(id, {
    create: async () => {
      const [{ textMateTokens }, grammar] = await Promise.all([import("./textmate.ts"), load()]);
      return textMateTokens(grammar.default);
    },
  });
  languages.onLanguageEncountered(id, () => {
    languages.setLanguageConfiguration(id, {
      comments,
      brackets: [...PAIRS, ...brackets],
      autoClosingPairs: [...PAIRS, ...quotes.map((quote) => [quote, quote])].map(([open = "", close = ""]) => ({
        open,
        close,
      })),
    });
  });
}
