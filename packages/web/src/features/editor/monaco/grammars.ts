/** Small Monarch grammars for the languages Monaco has none for: words, strings, comments, numbers. */
import type { languages } from "monaco-editor/editor";
import type { GrammarId } from "./grammar-ids.ts";

export interface Grammar {
  syntax: languages.IMonarchLanguage;
  configuration: languages.LanguageConfiguration;
}

interface GrammarParts {
  keywords?: string;
  /** Words coloured as constants or built-in names. */
  constants?: string;
  types?: string;
  /** Opens a comment up to the end of the line. */
  lineComment?: string;
  blockComment?: [open: string, close: string];
  /** Block comments may hold block comments. */
  nested?: boolean;
  ignoreCase?: boolean;
  /** Characters that a word may hold; `\w` if absent. */
  word?: RegExp;
  /** Quotes that open a string with backslash escapes on one line. */
  quotes?: string;
  /** Doubling the quote escapes it, a backslash does not. */
  doubledQuotes?: boolean;
  /** Rules tried before all others. */
  first?: languages.IMonarchLanguageRule[];
}

const escaped = (text: string) => text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`);
const words = (list: string | undefined) => (list ? list.split(" ") : []);

function grammar(parts: GrammarParts): Grammar {
  const word = parts.word ?? /[A-Za-z_]\w*/;
  const quotes = (parts.quotes ?? "\"'").split("");
  const root: languages.IMonarchLanguageRule[] = [...(parts.first ?? [])];
  const states: Record<string, languages.IMonarchLanguageRule[]> = {};
  if (parts.blockComment) {
    const [open, close] = parts.blockComment.map(escaped) as [string, string];
    root.push([new RegExp(open), "comment", "@comment"]);
    states["comment"] = [
      [new RegExp(close), "comment", "@pop"],
      ...(parts.nested ? [[new RegExp(open), "comment", "@push"] as languages.IMonarchLanguageRule] : []),
      [/./, "comment"],
    ];
  }
  if (parts.lineComment) root.push([new RegExp(`${escaped(parts.lineComment)}.*$`), "comment"]);
  for (const quote of quotes) {
    const inner = parts.doubledQuotes ? `(?:[^${quote}]|${quote}${quote})*` : String.raw`(?:[^${quote}\\]|\\.)*`;
    root.push([new RegExp(`${quote}${inner}(?:${quote}|$)`), "string"]);
  }
  root.push(
    [/0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+/, "number.hex"],
    [/\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/, "number"],
    [word, { cases: { "@keywords": "keyword", "@constants": "constant", "@types": "type", "@default": "identifier" } }],
    [/[()[\]{}]/, "@brackets"],
    [/[!#$%&*+./:<=>?@^|~-]+/, "operator"],
  );
  return {
    syntax: {
      ignoreCase: parts.ignoreCase ?? false,
      keywords: words(parts.keywords),
      constants: words(parts.constants),
      types: words(parts.types),
      tokenizer: { root, ...states },
    },
    configuration: {
      comments: {
        ...(parts.lineComment ? { lineComment: parts.lineComment } : {}),
        ...(parts.blockComment ? { blockComment: parts.blockComment } : {}),
      },
      brackets: [
        ["{", "}"],
        ["[", "]"],
        ["(", ")"],
      ],
      autoClosingPairs: ["{}", "[]", "()", '""'].map((pair) => ({ open: pair.charAt(0), close: pair.charAt(1) })),
    },
  };
}

const ADA_WORDS =
  "abort abs accept access all and array at begin body case constant declare delay delta digits do else elsif end entry exception exit for function generic goto if in interface is limited loop mod new not null of or others out overriding package pragma private procedure protected raise range record rem renames requeue return reverse select separate some subtype synchronized tagged task terminate then type until use when while with xor";
const COBOL_WORDS =
  "accept add call close compute data delete display divide division else end end-if end-perform end-read environment evaluate exit file fd from giving go identification if initialize input into is line move multiply not of open or organization output perform pic picture procedure program program-id read run section select set stop string subtract then thru times to until using value varying when working-storage write";
const CRYSTAL_WORDS =
  "abstract alias as asm begin break case class def do else elsif end ensure enum extend for fun if in include instance_sizeof lib macro module next of out pointerof private protected require rescue return select sizeof struct super then type typeof uninitialized union unless until verbatim when while with yield";
const D_WORDS =
  "abstract alias align asm assert auto body break case cast catch class const continue debug default delegate delete deprecated do else enum export extern final finally for foreach foreach_reverse function goto if immutable import in inout interface invariant is lazy mixin module new nothrow out override package pragma private protected public pure ref return scope shared static struct super switch synchronized template this throw try typeid typeof union unittest version while with";
const ERLANG_WORDS =
  "after and andalso band begin bnot bor bsl bsr bxor case catch cond div else end fun if let maybe not of or orelse receive rem try when xor";
const FORTRAN_WORDS =
  "allocatable allocate associate block call case class close common contains continue cycle data deallocate dimension do else elseif elsewhere end enddo endif entry equivalence exit external forall format function goto if implicit import in include inout inquire intent interface intrinsic module namelist none nullify only open operator optional out parameter pointer print private procedure program public pure read recursive result return rewind save select sequence stop subroutine target then type use where while write";
const GROOVY_WORDS =
  "abstract as assert break case catch class const continue def default do else enum extends final finally for goto if implements import in instanceof interface native new package private protected public record return static strictfp super switch synchronized this threadsafe throw throws trait transient try var void volatile while";
const HASKELL_WORDS =
  "as case class data default deriving do else family forall foreign hiding if import in infix infixl infixr instance let mdo module newtype of pattern proc qualified rec then type where";
const LISP_WORDS =
  "defun defmacro defvar defparameter defconstant defclass defmethod defgeneric defstruct defpackage in-package let let* lambda if cond when unless case loop do dolist dotimes progn prog1 setf setq quote function return return-from block flet labels handler-case handler-bind unwind-protect multiple-value-bind destructuring-bind declare";
const NASM_WORDS =
  "mov add sub mul imul div idiv inc dec neg and or xor not shl shr sar sal rol ror cmp test jmp je jne jz jnz jg jge jl jle ja jae jb jbe call ret push pop lea int syscall nop leave enter loop cld std rep repe repne movsb movsw movsd movsq stosb stosd lodsb cmovz section segment global extern default bits org db dw dd dq dt resb resw resd resq equ times align struc endstruc";
const OCAML_WORDS =
  "and as assert asr begin class constraint do done downto effect else end exception external for fun function functor if in include inherit initializer land lazy let lor lsl lsr lxor match method mod module mutable new nonrec object of open or private rec sig struct then to try type val virtual when while with";
const OCTAVE_WORDS =
  "break case catch continue do else elseif end end_try_catch end_unwind_protect endfor endfunction endif endswitch endwhile for function global if otherwise parfor persistent return switch try until unwind_protect while";
const RAKU_WORDS =
  "and class constant default do else elsif enum for gather given grammar has if is let loop method module multi my needs not of or our package proto redo regex repeat require return returns role rule self sub submethod subset supersede take temp token try unit unless until use when where while with without xor";
const ZIG_WORDS =
  "addrspace align allowzero and anyframe anytype asm async await break callconv catch comptime const continue defer else enum errdefer error export extern fn for if inline linksection noalias noinline nosuspend opaque or orelse packed pub resume return struct suspend switch test threadlocal try union unreachable usingnamespace var volatile while";

export const GRAMMARS: Readonly<Record<GrammarId, Grammar>> = {
  ada: grammar({
    keywords: ADA_WORDS,
    lineComment: "--",
    ignoreCase: true,
    quotes: '"',
    doubledQuotes: true,
    first: [[/'.'/, "string"]],
  }),
  cobol: grammar({
    keywords: COBOL_WORDS,
    lineComment: "*>",
    ignoreCase: true,
    word: /[A-Za-z][\w-]*/,
    first: [[/^.{6}[*/].*$/, "comment"]],
  }),
  crystal: grammar({
    keywords: CRYSTAL_WORDS,
    constants: "true false nil self puts print p",
    lineComment: "#",
    quotes: '"`',
    first: [
      [/'(?:[^'\\]|\\.)+'/, "string"],
      [/@{1,2}[A-Za-z_]\w*/, "variable"],
      [/:[A-Za-z_]\w*[!?]?/, "constant"],
      [/[A-Z]\w*/, "type"],
    ],
  }),
  d: grammar({
    keywords: D_WORDS,
    constants: "true false null",
    types: "bool byte ubyte short ushort int uint long ulong char wchar dchar float double real void string size_t",
    lineComment: "//",
    blockComment: ["/*", "*/"],
    quotes: "\"'`",
  }),
  erlang: grammar({
    keywords: ERLANG_WORDS,
    constants: "true false undefined ok error",
    lineComment: "%",
    first: [
      [/^-[a-z]\w*/, "keyword"],
      [/[A-Z_]\w*/, "variable"],
    ],
  }),
  fortran: grammar({
    keywords: FORTRAN_WORDS,
    types: "integer real complex logical character double precision",
    lineComment: "!",
    ignoreCase: true,
    doubledQuotes: true,
  }),
  groovy: grammar({
    keywords: GROOVY_WORDS,
    constants: "true false null it",
    types: "boolean byte char double float int long short String Object List Map",
    lineComment: "//",
    blockComment: ["/*", "*/"],
    first: [[/@[A-Za-z]\w*/, "annotation"]],
  }),
  haskell: grammar({
    keywords: HASKELL_WORDS,
    lineComment: "--",
    blockComment: ["{-", "-}"],
    nested: true,
    quotes: '"',
    first: [
      [/'(?:[^'\\]|\\.[^']*)'/, "string"],
      [/[A-Z][\w']*/, "type"],
      [/[a-z_][\w']*/, { cases: { "@keywords": "keyword", "@default": "identifier" } }],
    ],
  }),
  json: grammar({
    constants: "true false null",
    lineComment: "//",
    blockComment: ["/*", "*/"],
    first: [
      [/"(?:[^"\\]|\\.)*"(?=\s*:)/, "type"],
      [/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, "number"],
    ],
  }),
  lisp: grammar({
    keywords: LISP_WORDS,
    constants: "t nil",
    lineComment: ";",
    blockComment: ["#|", "|#"],
    nested: true,
    quotes: '"',
    word: /[A-Za-z*+/<=>_!?%&$^~-][\w*+/<=>!?%&$^~-]*/,
    first: [[/:[\w-]+/, "constant"]],
  }),
  makefile: grammar({
    keywords: "ifeq ifneq ifdef ifndef else endif include define endef export override",
    lineComment: "#",
    word: /[\w.-]+/,
    first: [
      [/^[^\s:#=][^:#=]*(?=:(?!=))/, "type"],
      [/^\s*[\w.-]+(?=\s*(?:[:?+!]{0,2}=))/, "variable"],
      [/\$[({][^)}]*[)}]|\$[@<^?*%+]/, "variable"],
    ],
  }),
  nasm: grammar({
    keywords: NASM_WORDS,
    constants:
      "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 eax ebx ecx edx esi edi ebp esp ax bx cx dx al ah bl bh cl ch dl dh",
    lineComment: ";",
    ignoreCase: true,
    quotes: "\"'`",
    first: [[/^\s*[.\w$@]+:/, "type"]],
  }),
  ocaml: grammar({
    keywords: OCAML_WORDS,
    constants: "true false",
    types: "int float string bool char unit list array option bytes ref",
    blockComment: ["(*", "*)"],
    nested: true,
    quotes: '"',
    first: [
      [/'(?:[^'\\]|\\[^']+)'/, "string"],
      [/[A-Z][\w']*/, "type"],
    ],
  }),
  octave: grammar({
    keywords: OCTAVE_WORDS,
    constants: "true false pi inf nan eps",
    lineComment: "%",
    quotes: '"',
    first: [[/#.*$/, "comment"]],
  }),
  prolog: grammar({
    keywords: "is mod rem dynamic discontiguous module use_module initialization",
    constants: "true false fail nl write writeln halt",
    lineComment: "%",
    blockComment: ["/*", "*/"],
    first: [
      [/:-|-->/, "keyword"],
      [/[A-Z_]\w*/, "variable"],
    ],
  }),
  raku: grammar({
    keywords: RAKU_WORDS,
    constants: "True False Nil Any",
    lineComment: "#",
    word: /[A-Za-z_][\w'-]*/,
    first: [[/[$@%&][.!*?^]?[A-Za-z_][\w-]*|\$_/, "variable"]],
  }),
  toml: grammar({
    constants: "true false inf nan",
    lineComment: "#",
    first: [
      [/"""/, "string", "@basic"],
      [/'''/, "string", "@literal"],
      [/^\s*\[\[?[^\]]*\]\]?/, "type"],
      [/[\w"'.-]+(?=\s*=)/, "variable"],
      [/\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?/, "number"],
    ],
  }),
  zig: grammar({
    keywords: ZIG_WORDS,
    constants: "true false null undefined",
    types:
      "bool void noreturn type anyerror u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 usize isize f16 f32 f64 f128 comptime_int",
    lineComment: "//",
    first: [
      [/\\\\.*$/, "string"],
      [/@[A-Za-z]\w*/, "annotation"],
      [/[A-Z]\w*/, "type"],
    ],
  }),
};

const multiline = (end: RegExp): languages.IMonarchLanguageRule[] => [
  [end, "string", "@pop"],
  [/./, "string"],
];
Object.assign(GRAMMARS.toml.syntax.tokenizer, { basic: multiline(/"""/), literal: multiline(/'''/) });
