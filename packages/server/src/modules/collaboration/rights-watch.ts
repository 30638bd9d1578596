/** Keeps connections true to rights, sign-ins and files as they change. */
import { CLOSE } from "@atelier/contracts";
import type { Log } from "#kernel/log";
import type { Pending } from "#kernel/pending";
import type { Bus } from "#platform/bus";
import type { Projects } from "#projects";
import type { ConnectionIndex } from "./connection-index.ts";
import type { Connection } from "./connection.ts";
import type { DocumentRegistry } from "./registry.ts";

export type RightsWatchParts = {
  readonly bus: Bus;
  readonly projects: Pick<Projects, "roleOf">;
  readonly connections: Pick<ConnectionIndex, "of" | "ofSignIn">;
  readonly registry: Pick<DocumentRegistry, "document" | "documents" | "evict">;
  readonly log: Log;
  readonly pending: Pending;
};

/** `changes` counts what was heard, so that an opening in between notices. */
export type RightsWatch = { readonly changes: number; stop(): void };

export const watchRights = (parts: RightsWatchParts): RightsWatch => {
  const { bus, connections, registry, log } = parts;
  let changes = 0;
  /** The number of the newest look-up of a connection: answers may overtake each other, and only the newest counts. */
  const askedAbout = new WeakMap<Connection, number>();

  const recheck = async (userId: string, projectId: string, held: readonly Connection[]): Promise<void> => {
    const change = changes;
    for (const connection of held) askedAbout.set(connection, change);
    const waiting = (): Connection[] => held.filter((connection) => askedAbout.get(connection) === change);
    try {
      const role = await parts.projects.roleOf(userId, projectId);
      for (const connection of waiting()) connection.resume(role);
    } catch (error) {
      // A user whose rights can't be determined is closed with 1013 and may reconnect.
      log.warn("collaboration.rights-unknown", { error: error instanceof Error ? error.message : "unknown" });
      for (const connection of waiting()) connection.close(CLOSE.overloaded, "rights can't be checked right now");
    }
  };

  const stops = [
    bus.subscribe("rights-changed", ({ projectId, userId }) => {
      changes += 1;
      const byUser = new Map<string, Connection[]>();
      for (const connection of connections.of(projectId, userId)) {
        connection.hold();
        const own = byUser.get(connection.userId);
        if (own === undefined) byUser.set(connection.userId, [connection]);
        else own.push(connection);
      }
      for (const [id, held] of byUser) void parts.pending.track(recheck(id, projectId, held));
    }),
    bus.subscribe("sign-in-ended", ({ signInId }) => {
      for (const connection of connections.ofSignIn(signInId)) connection.close(CLOSE.signedOut, "signed out");
      // Also where its connections are closed already: unsent edits may arrive from the same device as another user's.
      for (const { clientOwners } of registry.documents()) clientOwners.signInEnded(signInId);
    }),
    bus.subscribe("files-removed", ({ projectId, fileIds }) => {
      changes += 1;
      for (const fileId of fileIds) {
        const document = registry.document({ projectId, fileId });
        if (document !== undefined) registry.evict(document, { code: CLOSE.notFound, reason: "the file was removed" });
      }
    }),
    bus.subscribe("project-event", ({ projectId, event }) => {
      if (event.type !== "entries-changed") return;
      for (const { id, path } of event.entries) {
        const document = registry.document({ projectId, fileId: id });
        if (document !== undefined) document.path = path;
      }
    }),
  ];

  return {
    get changes() {
      return changes;
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
};
