/** Which syntax a file is coloured as, by its name alone. */
import { LANGUAGE_SYNTAXES } from "virtual:languages/syntaxes";

/** Of files that no language here runs; a language's own declaration (`languages/<id>/language.json`) goes before. */

const BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ada: "adb ads ada",
    bat: "bat cmd",
    clojure: "clj cljs cljc edn",
    cobol: "cob cbl cpy",
    coffeescript: "coffee",
    cpp: "cpp cc cxx c++ hpp hh hxx h++ ino cu",
    crystal: "cr",
    csharp: "cs csx",
    css: "css",
    d: "d di",
    dart: "dart",
    dockerfile: "dockerfile containerfile",
    elixir: "ex exs",
    erlang: "erl hrl",
    fortran: "f f77 f90 f95 f03 f08 for",
    fsharp: "fs fsi fsx",
    go: "go",
    graphql: "graphql gql",
    groovy: "groovy gradle gvy",
    handlebars: "hbs handlebars",
    haskell: "hs lhs",
    hcl: "tf tfvars hcl",
    html: "html htm xhtml vue svelte astro ejs",
    ini: "ini properties cfg conf env editorconfig gitconfig service desktop",
    java: "java",
    json: "json jsonc json5 geojson webmanifest map ipynb jsonl har",
    julia: "jl",
    kotlin: "kt kts",
    less: "less",
    lisp: "lisp lsp cl el",
    lua: "lua",
    makefile: "mk mak make",
    markdown: "md markdown mdown mkd mdwn",
    mdx: "mdx",
    nasm: "asm nasm s",
    "objective-c": "m mm",
    ocaml: "ml mli",
    octave: "octave",
    pascal: "pas pp lpr dpr",
    perl: "pl pm t",
    php: "php php5 phtml",
    powershell: "ps1 psm1 psd1",
    prolog: "pro prolog plg",
    proto: "proto",
    pug: "pug jade",
    r: "r rprofile",
    raku: "raku rakumod p6",
    restructuredtext: "rst",
    ruby: "rb rbw gemspec rake ru",
    rust: "rs",
    scala: "scala sc sbt",
    scheme: "scm ss sch rkt sld",
    scss: "scss sass",
    sol: "sol",
    sql: "sql sqlite ddl",
    swift: "swift",
    systemverilog: "sv svh",
    tcl: "tcl tk",
    toml: "toml",
    twig: "twig",
    vb: "vb vbs",
    verilog: "v vh",
    wgsl: "wgsl",
    xml: "xml xsd xsl xslt svg rss atom plist csproj xaml pom",
    yaml: "yaml yml",
    zig: "zig zon",
  }).flatMap(([language, extensions]) =>
    extensions.split(" ").map((extension): [string, string] => [extension, language]),
  ),
);

const BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries({
    dockerfile: "dockerfile",
    containerfile: "dockerfile",
    makefile: "makefile",
    gnumakefile: "makefile",
    justfile: "makefile",
    gemfile: "ruby",
    rakefile: "ruby",
    vagrantfile: "ruby",
    jenkinsfile: "groovy",
    "cmakelists.txt": "makefile",
    "go.mod": "go",
    "go.sum": "plaintext",
    "cargo.lock": "toml",
    "poetry.lock": "toml",
    "uv.lock": "toml",
    pipfile: "toml",
    "composer.lock": "json",
    "build.gradle": "groovy",
    ".babelrc": "json",
    ".eslintrc": "json",
    ".prettierrc": "json",
    ".swcrc": "json",
    ".env": "ini",
    ".npmrc": "ini",
    ".editorconfig": "ini",
    ".gitconfig": "ini",
    ".gitattributes": "ini",
    ".gitignore": "ini",
    ".dockerignore": "ini",
    ".clang-format": "yaml",
  }),
);

type Syntaxes = typeof LANGUAGE_SYNTAXES;

/**
 * The syntax id for a path, `plaintext` if none is known. Names count before extensions, neither minds case.
 * @param languages for tests
 */
export function languageOfFileName(path: string, languages: Syntaxes = LANGUAGE_SYNTAXES): string {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const byName = ownValue(languages.names, name) ?? BY_NAME.get(name);
  if (byName !== undefined) return byName;
  if (name.startsWith("dockerfile.") || name.startsWith("makefile.")) return name.slice(0, name.indexOf("."));
  if (name.startsWith(".env.")) return "ini";
  const dot = name.lastIndexOf(".");
  if (dot < 0) return "plaintext";
  const extension = name.slice(dot + 1);
  return ownValue(languages.extensions, extension) ?? BY_EXTENSION.get(extension) ?? "plaintext";
}

/** A file may be named `constructor`. */
function ownValue(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Every syntax id this module can answer; a test holds it against what is registered. */
export const NAMED_LANGUAGES: ReadonlySet<string> = new Set([
  ...BY_EXTENSION.values(),
  ...BY_NAME.values(),
  ...Object.values(LANGUAGE_SYNTAXES.extensions),
  ...Object.values(LANGUAGE_SYNTAXES.names),
]);
