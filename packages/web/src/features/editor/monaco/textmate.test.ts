/** Each syntax of a TextMate grammar, on a few lines: what is coloured how, where nothing of the grammar is left out. */
import { expect, test } from "vitest";
import { TEXTMATE_LANGUAGES } from "./textmate-languages.ts";
import { textMateTokens } from "./textmate.ts";

/** In front of `‹kind›` is a word of that kind, in the names of the editor's themes; other words have no colour of their own. */
const SAMPLES: Readonly<Record<string, string>> = {
  ada: `-- a note‹comment›
procedure‹keyword› Hello‹predefined› is‹keyword›
   Count : Integer‹type› :=‹operator› 42‹number›;
begin‹keyword›
   Put_Line‹predefined› ("hi"‹string›);
end‹keyword› Hello‹predefined›;`,
  cobol: `       PROCEDURE DIVISION‹keyword›.
      ‹number›* a note‹comment›
           DISPLAY‹keyword› "hi"‹string›.
           MOVE‹keyword› 42‹number› TO‹keyword› COUNT-A.`,
  crystal: `# a note‹comment›
class‹keyword› Dog‹type›
  def‹keyword› bark‹predefined›(times‹variable› =‹operator› 42‹number›)
    puts‹predefined› "hi #{‹string›times‹variable›}"‹string›
  end‹keyword›`,
  d: `import‹keyword› std.stdio‹variable›; // a note‹comment›
void‹keyword› main‹predefined›() { int‹keyword› count =‹operator› 42‹number›; writeln‹predefined›("hi"‹string›); }`,
  erlang: `-module‹keyword›(hello‹type›). % a note‹comment›
main‹predefined›(Name‹variable›) ->‹operator› case‹keyword› Name‹variable› of‹keyword› 42‹number› -> "hi"‹string› end‹keyword›.`,
  fortran: `program‹keyword› hello
  implicit‹keyword› none‹keyword› ! a note‹comment›
  integer‹keyword› ::‹operator› n =‹operator› 42‹number›
  print‹keyword› *‹operator›, "hi"‹string›`,
  groovy: `class‹keyword› Dog‹type› { def‹keyword› bark‹predefined›() { int‹keyword› n =‹operator› 42‹number›; println‹predefined› "hi"‹string› } } // a note‹comment›`,
  haskell: `module‹keyword› Main‹namespace› where‹keyword› -- a note‹comment›
main‹predefined› ::‹operator› IO‹keyword› ()‹constant›
main =‹operator› let‹keyword› n =‹operator› 42‹number› in‹keyword› putStrLn "hi"‹string›`,
  json: `{ "key"‹type›: "hi"‹string›, // a note‹comment›
  "n"‹type›: 42‹number›, "ok"‹type›: true‹constant› }`,
  lisp: `(defun‹keyword› hello‹predefined› (n) ; a note‹comment›
  (if‹keyword› (=‹predefined› n 42‹number›) (print‹predefined› "hi"‹string›) nil‹constant›))`,
  makefile: `CC‹variable› = gcc # a note‹comment›
all‹predefined›: main.o
	$(‹string›CC‹variable›)‹string› -o main main.o
ifdef‹keyword› DEBUG
endif‹keyword›`,
  nasm: `section .text‹type› ; a note‹comment›
start:‹predefined› mov‹keyword› rax‹constant›, 42‹number›`,
  ocaml: `let‹keyword› f‹predefined› x‹variable› =‹type› match‹keyword› x with‹keyword› 42‹number› ->‹type› "hi"‹string› (* a note *)‹comment›`,
  octave: `function‹keyword› y‹variable› = f‹predefined›(x‹variable›) % a note‹comment›
  if‹keyword› x ==‹operator› 42‹number›
    y = "hi"‹string›;
  end‹keyword›`,
  prolog: `hello‹predefined›(X‹variable›) :-‹keyword› X‹variable› =<‹operator› 42‹number›, write‹predefined›("hi"‹string›).‹keyword› % a note‹comment›`,
  racket: `(define‹keyword› (hello‹predefined› n‹variable›) ; a note‹comment›
  (if‹predefined› (=‹predefined› n 42‹number›) (displayln‹predefined› "hi"‹string›) #f‹constant›))`,
  raku: `sub‹keyword› hello($n‹variable›) { if‹keyword› $n‹variable› == 42 { say‹predefined› "hi"‹string› } } # a note‹comment›`,
  toml: `[table‹type›] # a note‹comment›
key‹variable› = "hi"‹string›
n‹variable› = 42‹number›
on‹variable› = true‹constant›`,
  zig: `const‹keyword› std =‹operator› @import‹predefined›("std"‹string›); // a note‹comment›
pub‹keyword› fn‹keyword› main‹predefined›() void‹keyword› { const‹keyword› n: u8‹keyword› =‹operator› 42‹number›; }`,
};

const KIND = /‹\w+›/gu;

/** The lines with the kind of each coloured piece behind it; neighbours of one kind are one piece. */
const coloured = async (id: string, text: string): Promise<string> => {
  const grammar = await TEXTMATE_LANGUAGES[id]?.load();
  if (!grammar) throw new Error(`there is no grammar for ${id}`);
  const provider = textMateTokens(grammar.default, 0);
  let state = provider.getInitialState();
  const lines = text.split("\n").map((line) => {
    const { tokens, endState } = provider.tokenize(line, state);
    state = endState;
    return tokens
      .map(({ startIndex, scopes }, index) => {
        const next = tokens[index + 1];
        const mark = scopes === "" || scopes === next?.scopes ? "" : `‹${scopes}›`;
        return line.slice(startIndex, next?.startIndex) + mark;
      })
      .join("");
  });
  return lines.join("\n");
};

test.each(Object.keys(TEXTMATE_LANGUAGES))("%s", { timeout: 30_000 }, async (id) => {
  const sample = SAMPLES[id] ?? "no sample";
  expect(await coloured(id, sample.replaceAll(KIND, ""))).toBe(sample);
});

test("a very long line has one colour, and the line after it is coloured as if it were not there", async () => {
  const long = `"${"x".repeat(20_000)}`;
  expect(await coloured("toml", `${long}\nn = 42`)).toBe(`${long}\nn‹variable› = 42‹number›`);
});
