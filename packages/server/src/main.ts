/** The composition root: configuration -> adapters -> modules -> roles -> listening, and an orderly end. */
import { systemClock } from "#kernel/clock";
import { Lifecycle } from "#kernel/lifecycle";
import { createAuditTrail } from "#platform/audit";
import { loadSecretKey } from "#platform/blobs";
import { createIdentity, registerIdentityHttp } from "#identity";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { choosesLogLevel, type Configuration, ConfigurationFaults, readConfiguration } from "./config.ts";
import { createArgon2Passwords } from "./modules/identity/adapters/argon2-passwords.ts";
import { createInProcessBus } from "./platform/bus/adapters/in-process-bus.ts";
import { createFastifyServer } from "./platform/http/adapters/fastify-server.ts";
import { createPinoLog } from "./platform/log/adapters/pino-log.ts";
import { createPrometheusMetrics } from "./platform/metrics/adapters/prometheus-metrics.ts";
import { createMemoryRateLimits } from "./platform/rate-limits/adapters/memory-rate-limits.ts";
import { createEmbeddedPostgres } from "./platform/sql/adapters/embedded-postgres.ts";
import { createPgSql } from "./platform/sql/adapters/pg-sql.ts";
import { migrate } from "./platform/sql/migrate.ts";
import { createAccountUsage } from "./roles/account-usage.ts";
import { announce, localAddress } from "./roles/announcement.ts";
import { openDataFolder } from "./roles/data-folder.ts";
import { registerGateway } from "./roles/gateway/index.ts";
import { closingOf, drainingOf, probePort } from "./roles/listener.ts";
import { findPlaces } from "./roles/places.ts";
import { installShutdown } from "./roles/shutdown.ts";
import { describeStartFault } from "./roles/start-fault.ts";

const STOP_DEADLINE_MS = 20_000;

const run = async (settings: Configuration): Promise<void> => {
  const places = findPlaces(settings);
  const isTerminal = process.stdout.isTTY || settings.ATELIER_PROGRESS;
  const log = createPinoLog({ level: isTerminal && !choosesLogLevel() ? "warn" : settings.LOG_LEVEL });
  const clock = systemClock;
  const metrics = createPrometheusMetrics();
  const lifecycle = new Lifecycle({
    stopDeadlineMs: STOP_DEADLINE_MS,
    onFault: (component, error) => log.error("server.stop-fault", { component, error }),
  });
  const tell = (line: string): void => void (isTerminal && process.stdout.write(`${line}\n`));
  installShutdown({ log, stop: () => lifecycle.stop() });

  try {
    await probePort({ host: settings.HOST, port: settings.PORT });
    await lifecycle.start(openDataFolder(places.dataDir));
    const secretKey = await loadSecretKey({ secretKey: settings.SECRET_KEY, dataDir: places.dataDir });
    tell("Starting the database …");
    const postgres = createEmbeddedPostgres({ dataDir: places.dataDir, log });
    await lifecycle.start(postgres);
    await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log });
    const sql = createPgSql({ url: postgres.url, log });
    await lifecycle.start({
      name: "database pool",
      start: async () => {},
      [Symbol.asyncDispose]: () => sql[Symbol.asyncDispose](),
    });
    const audit = createAuditTrail({ sql, clock, log, metrics });
    await lifecycle.start(audit);
    const bus = createInProcessBus(log);
    const identity = createIdentity({
      sql,
      bus,
      clock,
      log,
      passwords: createArgon2Passwords(),
      usage: createAccountUsage(sql),
      secretKey,
      guests: settings.GUESTS,
    });
    await lifecycle.start(identity);
    const https = settings.TLS_CERT_FILE !== undefined || settings.PUBLIC_URL?.startsWith("https:") === true;
    const server = createFastifyServer({
      authenticator: identity,
      rateLimits: createMemoryRateLimits({
        read: settings.RATE_LIMIT_READ,
        write: settings.RATE_LIMIT_WRITE,
        "sign-in": settings.RATE_LIMIT_SIGN_IN,
        execute: settings.RATE_LIMIT_EXECUTE,
      }),
      origin: {
        proxied: settings.TRUST_PROXY.kind !== "none",
        ...(settings.PUBLIC_URL === undefined ? {} : { publicUrl: settings.PUBLIC_URL }),
      },
      audit,
      metrics,
      log,
      clock,
      trusted: settings.TRUST_PROXY,
      basePath: settings.BASE_PATH,
      assetBaseUrl: settings.ASSET_BASE_URL,
      https,
      checkAnswers: settings.ATELIER_CHECK_ANSWERS,
    });
    registerIdentityHttp(server, identity, { https });
    const hasPage = await registerGateway(server, {
      webFolder: join(places.root, "packages/web/dist"),
      https,
      version: "0.1.0",
      basePath: settings.BASE_PATH,
      assetBaseUrl: settings.ASSET_BASE_URL,
      guests: settings.GUESTS,
      refreshCookie: https ? "__Host-atelier-refresh" : "atelier-refresh",
      log,
      sources: {
        languages: () => [],
        tier: null,
        execution: () => ({ available: false }),
        whoHolds: identity.whoHolds,
        openProject: async () => undefined,
      },
      dependencies: { database: async () => ({ ok: await sql.healthy() }) },
      optional: new Set(["sandbox"]),
      scrape: metrics.scrape,
      metricsToken: settings.METRICS_TOKEN,
      isStopping: () => lifecycle.signal.aborted,
    });
    await lifecycle.start(closingOf(server));
    await lifecycle.start(drainingOf(server));
    const { port } = await server.listen({ host: settings.HOST, port: settings.PORT });
    const admin = await identity.createAdminLink();
    const address = localAddress({ host: settings.HOST, port, https, basePath: settings.BASE_PATH });
    log.info("server.listening", { host: settings.HOST, port });
    for (const line of announce({
      address,
      tier: null,
      hasPage,
      adminLink: admin === undefined ? undefined : `${address}#admin=${admin}`,
    }))
      tell(line);
  } catch (error) {
    log.error("server.start-failed", { error });
    process.stderr.write(
      `${describeStartFault(error, { host: settings.HOST, port: settings.PORT, dataDir: places.dataDir })}\n`,
    );
    await lifecycle.stop();
    log.flush();
    process.exit(1);
  }
};

try {
  await run(readConfiguration());
} catch (error) {
  if (!(error instanceof ConfigurationFaults)) throw error;
  for (const fault of error.faults) process.stderr.write(`${fault}\n`);
  process.exit(1);
}
