/**
 * Tries a language out with the programs in its folder: `hello<extension>`, `check/` (arguments, input, a second file and exit code 3 in one
 * program), its sample and `faults.json`. For tests, and for the table in docs/languages.md.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Execution, StartExecution } from "@atelier/contracts";
import type { ErrorFinder } from "@atelier/contracts/error-positions";
import { type Declaration, type MatrixCell, MATRIX_CELLS } from "@atelier/contracts/language-declaration";

/** What a run ended as, and when its first byte of output came after the request; null: it wrote nothing. */
export type TrialRun = { readonly execution: Execution; readonly firstByteMs: number | null };

export type TrialOptions = {
  readonly declaration: Declaration;
  /** `languages/<id>` */
  readonly folder: string;
  readonly finder: ErrorFinder;
  readonly run: (request: StartExecution) => Promise<TrialRun>;
};

export type Trial = {
  /** Why a cell failed; null: it is right. A cell that the language lacks is not there. */
  readonly cells: Partial<Record<MatrixCell, string | null>>;
  /** What is wrong with its sample and with the texts in `faults.json`; empty: nothing. */
  readonly complaints: readonly string[];
  /** Of the first and the second hello. */
  readonly firstByteMs: readonly [number | null, number | null];
};

export type Fault = {
  readonly name: string;
  readonly entryPoint: string;
  readonly files: Readonly<Record<string, string>>;
  /** What a terminal gets. */
  readonly output: string;
  readonly link: { readonly path: string; readonly line: number };
};

const ARGUMENTS = ["a b", "-c", "$x"];
/** The lines that `check/` prints, in this order, without those of cells that the language lacks. */
const CHECK_LINES: readonly (readonly [cell: MatrixCell, line: string])[] = [
  ["arguments", `args: ${ARGUMENTS.join("|")}`],
  ["stdin", "stdin: in"],
  ["two files", "file: second"],
];

type Given = NonNullable<StartExecution["files"]>;

const readFiles = async (folder: string): Promise<Given> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { path: path.slice(folder.length + 1), content: await readFile(path, "utf8") };
      }),
  );
};

export const readFaults = async (folder: string): Promise<Fault[]> =>
  JSON.parse(await readFile(join(folder, "faults.json"), "utf8")) as Fault[];

/** What a run said, for a failed cell. */
const told = ({ status, exitCode, stdout, stderr }: Execution): string =>
  `${status}, exit code ${exitCode}: ${`${stdout}${stderr}`.slice(0, 600)}`;

const plain = (text: string): string[] => text.split("\n").map((line) => line.trimEnd());

/** What a terminal shows as text: without colours. */
const withoutColours = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with one
    .replaceAll(/\u001B\[[0-9;]*[A-Za-z]/gu, "")
    .replaceAll("\r\n", "\n");

/** The cells of `check/`. */
export const tryCheck = async ({ declaration, folder, run }: TrialOptions): Promise<Trial["cells"]> => {
  const { id, sample, lacks } = declaration;
  const files = await readFiles(join(folder, "check"));
  const { execution } = await run({ language: id, entryPoint: sample, files, args: ARGUMENTS, stdin: "in\n" });
  const lines = plain(execution.stdout).filter((line) => line !== "");
  const expected = CHECK_LINES.filter(([cell]) => lacks[cell] === undefined);
  const cells = expected.map(([cell, line], at) => [cell, lines[at] === line ? null : told(execution)] as const);
  const more = lines.length > expected.length ? told(execution) : null;
  const isRight = execution.status === "failed" && execution.exitCode === 3 && execution.stage === "run";
  return { ...Object.fromEntries(cells), "exit code": isRight ? more : told(execution) };
};

const runFault = async ({ declaration: { id }, run }: TrialOptions, fault: Fault): Promise<Execution> => {
  const files = Object.entries(fault.files).map(([path, content]) => ({ path, content }));
  const { execution } = await run({ language: id, entryPoint: fault.entryPoint, files, tty: true });
  return execution;
};

/** Faults as they are printed now. */
export const recordFaults = async (options: TrialOptions): Promise<Fault[]> => {
  const recorded: Fault[] = [];
  for (const fault of await readFaults(options.folder)) {
    const { stdout, stderr } = await runFault(options, fault);
    recorded.push({ ...fault, output: (stdout + stderr).replaceAll("\r\n", "\n") });
  }
  return recorded;
};

const tryFaults = async (options: TrialOptions): Promise<{ readonly cell: string | null; complaints: string[] }> => {
  const complaints: string[] = [];
  let cell: string | null = null;
  for (const fault of await readFaults(options.folder)) {
    const { name, entryPoint, files, output, link } = fault;
    const execution = await runFault(options, fault);
    const said = execution.stdout + execution.stderr;
    const paths = Object.keys(files);
    const started = { language: options.declaration.id, entryPoint };
    const found = options.finder.findError(withoutColours(said), paths, started);
    if (execution.status !== "failed" && execution.status !== "compile-failed" && execution.status !== "killed") {
      cell ??= `${name}: ${told(execution)}`;
    }
    if (found?.path !== link.path || found.line !== link.line) {
      cell ??= `${name}: found ${JSON.stringify(found)} and not ${JSON.stringify(link)} in ${told(execution)}`;
    }
    // Lines that name no source file come from the language itself, and change with its version.
    const own = (text: string): string =>
      plain(text.replaceAll("\r\n", "\n"))
        .filter((line) => paths.some((path) => line.includes(path)))
        .map((line) => line.replaceAll(/\b0x[0-9a-f]+|\{[0-9A-F]+\}/gu, "address"))
        .join("\n");
    if (own(said) !== own(output))
      complaints.push(`faults.json: ${name}: it prints\n${own(said)}\nand not\n${own(output)}`);
  }
  return { cell, complaints };
};

const trySample = async ({ declaration: { id, sample }, folder, run }: TrialOptions): Promise<string[]> => {
  const files = [{ path: sample, content: await readFile(join(folder, sample), "utf8") }];
  const { execution } = await run({ language: id, entryPoint: sample, files, stdin: "7\n" });
  const isWell = execution.status === "succeeded" && execution.stderr === "" && execution.stdout.length > 10;
  return isWell ? [] : [`the sample: ${told(execution)}`];
};

export const tryLanguage = async (options: TrialOptions): Promise<Trial> => {
  const { declaration, folder, run } = options;
  const { id, extensions, lacks } = declaration;
  const entryPoint = `hello${extensions[0]}`;
  const files = [{ path: entryPoint, content: await readFile(join(folder, entryPoint), "utf8") }];
  const first = await run({ language: id, entryPoint, files, stdin: "" });
  const second = await run({ language: id, entryPoint, files, stdin: "" });
  const hello = ({ execution }: TrialRun): string | null =>
    execution.status === "succeeded" && execution.stdout === "hello\n" && execution.stderr === ""
      ? null
      : told(execution);
  const checked = await tryCheck(options);
  const faults = await tryFaults(options);
  const cells: Trial["cells"] = { hello: hello(first) ?? hello(second), ...checked, "error line": faults.cell };
  const shown = MATRIX_CELLS.filter((cell) => lacks[cell] === undefined);
  return {
    cells: Object.fromEntries(shown.map((cell) => [cell, cells[cell] ?? null])),
    complaints: [...(await trySample(options)), ...faults.complaints],
    firstByteMs: [first.firstByteMs, second.firstByteMs],
  };
};
