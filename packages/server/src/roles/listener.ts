/** The HTTP listener as a component: detects early that the port is in use, and drains before it closes. */
import type { Component } from "#kernel/lifecycle";
import type { HttpServer } from "#platform/http";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ADMIN_FRAGMENT } from "@atelier/contracts";
import type { IdentityService } from "#identity";
import type { Log } from "#kernel/log";
import { announce, announceIsolation, isPublicHost, localAddress } from "./announcement.ts";
import { StartFault } from "./data-folder.ts";
import type { SandboxChoice } from "./executor/sandbox-choice.ts";
import type { SandboxWatch } from "./executor/sandbox-watch.ts";

type Where = { readonly host: string; readonly port: number };

/** Rejects when the port can't be opened. Called before any component starts, so that nothing has to be stopped. */
export const probePort = ({ host, port }: Where): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });

/** Stops by closing the listener when the pending requests have a response; started before the components that handle them. */
export const closingOf = (server: HttpServer): Component => ({
  name: "http",
  async start() {},
  [Symbol.asyncDispose]: () => server.close(),
});

/** Started last, so it stops first: refuses new requests and closes sockets with 1012. */
export const drainingOf = (server: HttpServer): Component => ({
  name: "edge",
  async start() {},
  [Symbol.asyncDispose]: () => server.drain(),
});

/** @throws StartFault when strangers could reach a server whose programs share the host's kernel. */
export const refuseWeakSandbox = (
  settings: { readonly HOST: string; readonly ATELIER_ALLOW_WEAK_SANDBOX: boolean },
  { tier, verdicts }: Pick<SandboxChoice, "tier" | "verdicts">,
): void => {
  if (tier !== "namespaces" || settings.ATELIER_ALLOW_WEAK_SANDBOX || !isPublicHost(settings.HOST)) return;
  const stronger = verdicts.find((verdict) => !verdict.works);
  const why = stronger === undefined ? "" : ` (${stronger.tier}: ${stronger.reason})`;
  throw new StartFault(
    `HOST ${settings.HOST} is public, but programs are only isolated by namespaces here${why}: make gVisor work, or set ATELIER_ALLOW_WEAK_SANDBOX=yes.`,
  );
};

const isolationOf = ({ tier, verdicts, provider }: SandboxChoice) => ({
  tier,
  refused: verdicts.filter(({ works }) => !works),
  limitsArePolled: provider?.limitsEnforcement === "polled",
});

/** Printed to the terminal when programs can run after the start. */
export const describeIsolation = (choice: SandboxChoice): string[] =>
  announceIsolation({ ...isolationOf(choice), isPreparing: false });

export type ListenNeeds = {
  readonly settings: {
    readonly HOST: string;
    readonly PORT: number;
    readonly BASE_PATH: string;
    readonly PUBLIC_URL: string | undefined;
  };
  readonly https: boolean;
  readonly hasPage: boolean;
  readonly sandboxes: Pick<SandboxWatch, "choice" | "isPreparing">;
  readonly identity: IdentityService;
  readonly dataDir: string;
  readonly log: Log;
  readonly tell: (line: string) => void;
};

/**
 * Listens and prints the address. The administrator's link is never logged: a terminal shows it, and without a terminal it is in a file that
 * only the server's user can read.
 */
export const listen = async (server: HttpServer, needs: ListenNeeds): Promise<void> => {
  const { settings } = needs;
  const { tier } = needs.sandboxes.choice;
  const adminToken = await needs.identity.createAdminLink();
  const { port } = await server.listen({ host: settings.HOST, port: settings.PORT });
  const own = localAddress({ host: settings.HOST, port, https: needs.https, basePath: settings.BASE_PATH });
  const address = settings.PUBLIC_URL === undefined ? own : `${settings.PUBLIC_URL}${settings.BASE_PATH}/`;
  needs.log.info("server.listening", { host: settings.HOST, port, address, tier, page: needs.hasPage });
  const adminLink = adminToken === undefined ? undefined : `${address}#${ADMIN_FRAGMENT}=${adminToken}`;
  const file = join(needs.dataDir, "admin-link");
  await rm(file, { force: true });
  if (adminLink !== undefined) {
    await writeFile(file, `${adminLink}\n`, { mode: 0o600, flag: "wx" });
    needs.log.info("server.admin-link", { file });
  }
  const lines = announce({
    address,
    ...isolationOf(needs.sandboxes.choice),
    isPreparing: needs.sandboxes.isPreparing,
    hasPage: needs.hasPage,
    adminLink,
  });
  for (const line of lines) needs.tell(line);
};
