/** Metrics by prom-client: Atelier's and Node's default ones. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../ports.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type PrometheusMetrics = Metrics & {
  /** The text that Prometheus scrapes, and its content type. */
  scrape(): Promise<{ readonly text: string; readonly contentType: string }>;
};

export const createPrometheusMetrics = (): PrometheusMetrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
      return { add: (labels = {}, by = 1) => counter.inc(labels, by) };
    },
    histogram(name, help, options = {}) {
      const histogram = new Histogram({
        name,
        help,
        labelNames: [...(options.labelNames ?? [])],
        buckets: [...(options.buckets ?? SECONDS)],
        registers: [registry],
      });
      return { observe: (seconds, labels = {}) => histogram.observe(labels, seconds) };
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
    async scrape() {
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
};
