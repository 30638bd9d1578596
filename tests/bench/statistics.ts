/** Percentiles and the tables that the benchmarks print. */

export type Summary = {
  readonly samples: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/** Nearest-rank percentiles of a non-empty list. @throws RangeError when it is empty: a benchmark without samples shows nothing. */
export const summarise = (values: readonly number[]): Summary => {
  if (values.length === 0) throw new RangeError("no samples");
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return {
    samples: sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1) ?? NaN,
  };
};

const round = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** One line of a report: a name, its figures and their unit. */
export const line = (name: string, summary: Summary, unit = "ms"): string =>
  `  ${name.padEnd(44)} p50 ${round(summary.p50).padStart(7)}  p95 ${round(summary.p95).padStart(7)}  ` +
  `p99 ${round(summary.p99).padStart(7)}  max ${round(summary.max).padStart(7)} ${unit}  (n=${summary.samples})`;

export const ratioLine = (name: string, numerator: number, denominator: number): string =>
  `  ${name.padEnd(44)} ${(numerator / denominator).toFixed(2)} x`;
