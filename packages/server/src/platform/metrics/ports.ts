/** Metrics as modules see them; names are Prometheus names with unit suffixes, labels are few and bounded. */

export interface Counter {
  add(labels?: Readonly<Record<string, string>>, by?: number): void;
}
export interface Histogram {
  /** @param seconds the measured duration */
  observe(seconds: number, labels?: Readonly<Record<string, string>>): void;
}
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  histogram(
    name: string,
    help: string,
    options?: { readonly labelNames?: readonly string[]; readonly buckets?: readonly number[] },
  ): Histogram;
  /** Read when scraped. */
  gauge(name: string, help: string, read: () => number): void;
}
