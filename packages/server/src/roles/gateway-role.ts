/** Connects the gateway with the modules that its page, probes and metrics speak of. */
import { join } from "node:path";
import type { Registration } from "@atelier/contracts";
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Lifecycle } from "#kernel/lifecycle";
import type { BlobStore } from "#platform/blobs";
import type { HttpServer } from "#platform/http";
import type { Sql } from "#platform/sql";
import { type IdentityService, refreshCookieName } from "#identity";
import type { Files } from "#files";
import type { LinkReads, Projects } from "#projects";
import type { Application } from "./application.ts";
import type { SandboxWatch } from "./executor/sandbox-watch.ts";
import { type GatewayOptions, registerGateway } from "./gateway/index.ts";
import { createProjectOpener } from "./open-project.ts";
import type { Folders } from "./folders.ts";

/** Never a blob's key: asking for it tells whether the store answers. */
const PROBED_KEY = "readiness-probe";
const VERSION = "0.1.0";

export type GatewayRoleNeeds = {
  readonly settings: {
    readonly BASE_PATH: string;
    readonly ASSET_BASE_URL: string;
    readonly GUESTS: boolean;
    readonly REGISTRATION: Registration;
    readonly METRICS_TOKEN: string | undefined;
  };
  readonly folders: Folders;
  readonly https: boolean;
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly sandboxes: Pick<SandboxWatch, "choice" | "isPreparing">;
  readonly identity: IdentityService;
  readonly projects: Projects;
  readonly files: Files;
  readonly application: Application;
  readonly frameSources: readonly string[];
  readonly linkReads: Pick<LinkReads, "note">;
  readonly metrics: { readonly scrape: GatewayOptions["scrape"] };
  readonly log: Log;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
};

/** @returns whether there is a built page to serve. */
export const openGateway = (server: HttpServer, needs: GatewayRoleNeeds): Promise<boolean> => {
  const { settings, sql, sandboxes, identity, application } = needs;
  const { execution, liveFiles } = application;
  const openProject = createProjectOpener({ sql, projects: needs.projects, files: needs.files, liveFiles });
  return registerGateway(server, {
    webFolder: join(needs.folders.root, "packages/web/dist"),
    https: needs.https,
    frameSources: needs.frameSources,
    version: VERSION,
    basePath: settings.BASE_PATH,
    assetBaseUrl: settings.ASSET_BASE_URL,
    guests: settings.GUESTS,
    registration: settings.REGISTRATION,
    refreshCookie: refreshCookieName(needs.https),
    log: needs.log,
    sources: {
      languages: () => execution.languages(),
      tier: () => sandboxes.choice.tier,
      execution() {
        if (execution.isAvailable) return { available: true };
        // The provider that was just chosen may not be adopted yet.
        const isPreparing = sandboxes.isPreparing || sandboxes.choice.provider !== undefined;
        return { available: false, reason: execution.readiness().detail, ...(isPreparing ? { isPreparing } : {}) };
      },
      findByRefreshToken: (token) => identity.findByRefreshToken(token),
      async openProject(visitor, asked) {
        const opened = await openProject(visitor, asked);
        if (visitor !== undefined && opened !== undefined)
          needs.linkReads.note(visitor, opened.project.id, asked.request);
        return opened;
      },
    },
    dependencies: {
      database: async () => ({ ok: await sql.healthy() }),
      blobs: async () => {
        await needs.blobs.has(PROBED_KEY);
        return { ok: true };
      },
      sandbox: async () => execution.readiness(),
    },
    // Editing and saving go on while programs can't run.
    optional: new Set(["sandbox"]),
    scrape: () => needs.metrics.scrape(),
    metricsToken: settings.METRICS_TOKEN,
    isStopping: () => needs.lifecycle.signal.aborted,
    clock: needs.clock,
  });
};
