/** docs/languages.md: what each language does here, in one table. */
import { MATRIX_CELLS, type MatrixCell } from "../../packages/contracts/src/language-declaration.ts";
import type { Trial } from "../../packages/server/src/modules/execution/languages/language-trial.ts";

export type Row = {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly version: string;
  /** Of the image's layer. */
  readonly bytes: number | null;
  readonly lacks: Partial<Readonly<Record<MatrixCell, string>>>;
  readonly tiers: Readonly<Record<string, Trial>>;
};

export const cellText = ({ cells }: Trial, cell: string): string => {
  const why = cells[cell as MatrixCell];
  if (why === undefined) return "n/a";
  return why === null ? "yes" : "NO";
};

const milliseconds = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? "–"
    : value >= 1000
      ? `${(value / 1000).toFixed(1)} s`
      : `${Math.round(value)} ms`;
const megabytes = (bytes: number | null): string => (bytes === null ? "–" : `${Math.ceil(bytes / 1_000_000)} MB`);

/** One cell for both tiers: the same word once. */
const merged = (texts: readonly string[]): string => (new Set(texts).size === 1 ? (texts[0] ?? "") : texts.join(" / "));

const lineOf = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

export const tableOf = (rows: readonly Row[], machine: { readonly lines: string }): string => {
  const tiers = ["namespaces", "gvisor"];
  const head = [
    "language",
    "version",
    "image",
    "size",
    ...MATRIX_CELLS,
    ...tiers.map((tier) => `first byte, ${tier}: cold, warm`),
  ];
  const body = rows.map((row) => {
    const tried = tiers.flatMap((tier) => row.tiers[tier] ?? []);
    return lineOf([
      `${row.name} (\`${row.id}\`)`,
      row.version,
      row.image,
      megabytes(row.bytes),
      ...MATRIX_CELLS.map((cell) => merged(tried.map((trial) => cellText(trial, cell)))),
      ...tiers.map((tier) => (row.tiers[tier]?.firstByteMs ?? []).map(milliseconds).join(", ") || "–"),
    ]);
  });
  const reasons = rows.flatMap(({ name, lacks }) =>
    Object.entries(lacks).map(([cell, why]) => `- ${name}, ${cell}: ${why}`),
  );
  return `# Languages

Written by \`npm run test:languages\`, which runs the programs in each language's folder in both tiers. \`hello\` is run twice; its first
byte comes after the run was requested, compiling included: cold is the first run since the server started, warm the second. Size is that of
the image's layer beyond the base; several languages may share one.

${lineOf(head)}
${lineOf(head.map(() => "---"))}
${body.join("\n")}

"n/a" is what a language cannot do:

${reasons.join("\n")}
${machine.lines === "" ? "" : `\nMeasured on a machine whose processors are: ${machine.lines.replace(/^model name\s*:\s*/u, "")}.\n`}`;
};
