/** Registers every syntax the page can colour; each grammar is fetched when a file first needs it. */
import "monaco-editor/languages/definitions/bat/register";
import "monaco-editor/languages/definitions/clojure/register";
import "monaco-editor/languages/definitions/coffee/register";
import "monaco-editor/languages/definitions/cpp/register";
import "monaco-editor/languages/definitions/csharp/register";
import "monaco-editor/languages/definitions/css/register";
import "monaco-editor/languages/definitions/dart/register";
import "monaco-editor/languages/definitions/dockerfile/register";
import "monaco-editor/languages/definitions/elixir/register";
import "monaco-editor/languages/definitions/fsharp/register";
import "monaco-editor/languages/definitions/go/register";
import "monaco-editor/languages/definitions/graphql/register";
import "monaco-editor/languages/definitions/handlebars/register";
import "monaco-editor/languages/definitions/hcl/register";
import "monaco-editor/languages/definitions/html/register";
import "monaco-editor/languages/definitions/ini/register";
import "monaco-editor/languages/definitions/java/register";
import "monaco-editor/languages/definitions/julia/register";
import "monaco-editor/languages/definitions/kotlin/register";
import "monaco-editor/languages/definitions/less/register";
import "monaco-editor/languages/definitions/lua/register";
import "monaco-editor/languages/definitions/markdown/register";
import "monaco-editor/languages/definitions/mdx/register";
import "monaco-editor/languages/definitions/objective-c/register";
import "monaco-editor/languages/definitions/pascal/register";
import "monaco-editor/languages/definitions/perl/register";
import "monaco-editor/languages/definitions/php/register";
import "monaco-editor/languages/definitions/powershell/register";
import "monaco-editor/languages/definitions/protobuf/register";
import "monaco-editor/languages/definitions/pug/register";
import "monaco-editor/languages/definitions/r/register";
import "monaco-editor/languages/definitions/restructuredtext/register";
import "monaco-editor/languages/definitions/ruby/register";
import "monaco-editor/languages/definitions/rust/register";
import "monaco-editor/languages/definitions/scala/register";
import "monaco-editor/languages/definitions/scheme/register";
import "monaco-editor/languages/definitions/scss/register";
import "monaco-editor/languages/definitions/solidity/register";
import "monaco-editor/languages/definitions/sql/register";
import "monaco-editor/languages/definitions/swift/register";
import "monaco-editor/languages/definitions/systemverilog/register";
import "monaco-editor/languages/definitions/tcl/register";
import "monaco-editor/languages/definitions/twig/register";
import "monaco-editor/languages/definitions/vb/register";
import "monaco-editor/languages/definitions/wgsl/register";
import "monaco-editor/languages/definitions/xml/register";
import "monaco-editor/languages/definitions/yaml/register";
import "virtual:languages/monaco-grammars";
import { languages } from "monaco-editor/editor";
import { GRAMMAR_IDS } from "./grammar-ids.ts";

for (const id of GRAMMAR_IDS) {
  languages.register({ id });
  const grammar = once(async () => {
    const { GRAMMARS } = await import("./grammars.ts");
    const found = GRAMMARS[id];
    if (!found) throw new Error(`no grammar for ${id}`);
    return found;
  });
  languages.registerTokensProviderFactory(id, { create: async () => (await grammar()).syntax });
  languages.onLanguageEncountered(id, () => {
    void grammar().then(({ configuration }) => languages.setLanguageConfiguration(id, configuration));
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
