/** The routes for operators and monitoring: liveness, readiness, metrics. */
import type { Clock, Timer } from "#kernel/clock";
import { Problem } from "#kernel/problem";
import type { PageAnswer, PageEdge, PageRequest } from "#platform/http";
import { createHash, timingSafeEqual } from "node:crypto";

export type ReadinessCheck = () => Promise<{ readonly ok: boolean; readonly detail?: string }>;

export type ProbeOptions = {
  /** Name -> check. */
  readonly dependencies: Readonly<Record<string, ReadinessCheck>>;
  /** Dependencies without which the server is still ready: editing works while running is paused. */
  readonly optional: ReadonlySet<string>;
  readonly scrape: () => Promise<{ readonly text: string; readonly contentType: string }>;
  /** METRICS_TOKEN; absent: metrics are for loopback only. */
  readonly metricsToken: string | undefined;
  readonly isStopping: () => boolean;
  readonly clock: Clock;
};

const CHECK_DEADLINE_MS = 2000;

const json = (status: number, value: unknown): PageAnswer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  body: JSON.stringify(value),
});

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/iu;
/** Headers of proxies: with one of them the loopback address is that of the proxy, not of the client. */
const PROXY_HEADERS = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"] as const;

/** A request of this machine itself: from loopback, not through a proxy, and with a loopback Host (against DNS rebinding). */
const isOwnMachine = ({ address, headers }: PageRequest["request"]): boolean =>
  (address === "::1" || address.startsWith("127.")) &&
  LOOPBACK_HOST.test(headers["host"] ?? "") &&
  PROXY_HEADERS.every((name) => headers[name] === undefined);

const checkInTime = async (check: ReadinessCheck, clock: Clock): ReturnType<ReadinessCheck> => {
  let timer: Timer | undefined;
  const late = new Promise<{ ok: boolean; detail: string }>((resolve) => {
    timer = clock.after(CHECK_DEADLINE_MS, () => resolve({ ok: false, detail: "no response in time" }));
  });
  const failed = { ok: false, detail: "the check failed" };
  try {
    return await Promise.race([check().catch(() => failed), late]);
  } finally {
    timer?.cancel();
  }
};

export const registerProbes = (edge: PageEdge, options: ProbeOptions): void => {
  // `fixed` means without a rate limit: to a supervisor that polls often a 429 would look like a dead server.
  edge.page("/healthz", async () => json(200, { status: "alive" }), { fixed: true });
  edge.page("/readyz", async () => {
    const names = Object.keys(options.dependencies);
    const results = await Promise.all(
      Object.values(options.dependencies).map((check) => checkInTime(check, options.clock)),
    );
    const dependencies = Object.fromEntries(names.map((name, index) => [name, results[index]]));
    const ready =
      !options.isStopping() && names.every((name, index) => results[index]?.ok === true || options.optional.has(name));
    return json(ready ? 200 : 503, { ready, stopping: options.isStopping(), dependencies });
  });
  edge.page("/metrics", async ({ request }) => {
    const given = /^Bearer +(\S+)$/iu.exec(request.headers["authorization"] ?? "")?.[1];
    const { metricsToken } = options;
    const allowed =
      metricsToken === undefined
        ? isOwnMachine(request)
        : given !== undefined && timingSafeEqual(digest(given), digest(metricsToken));
    // 404 instead of 403, so that strangers do not learn whether there are metrics.
    if (!allowed) throw new Problem("request/not-found");
    const { text, contentType } = await options.scrape();
    return { status: 200, headers: { "content-type": contentType, "cache-control": "no-store" }, body: text };
  });
};
