/** Keeps open documents true to their files: moved, removed, and sign-ins that ended. */
import { CLOSE } from "@atelier/contracts";
import type { Bus } from "#platform/bus";
import type { DocumentRegistry } from "./registry.ts";

export type FileWatchParts = {
  readonly bus: Pick<Bus, "subscribe">;
  readonly registry: Pick<DocumentRegistry, "document" | "documents" | "evict">;
};

/** `removals` counts removals, so that an opening in between notices. */
export type FileWatch = { readonly removals: number; stop(): void };

export const watchFiles = ({ bus, registry }: FileWatchParts): FileWatch => {
  let removals = 0;
  const stops = [
    // Also where its connections are closed already: unsent edits may arrive from the same device as another user's.
    bus.subscribe("sign-in-ended", ({ signInId }) => {
      for (const { clientOwners } of registry.documents()) clientOwners.signInEnded(signInId);
    }),
    bus.subscribe("files-removed", ({ projectId, fileIds }) => {
      removals += 1;
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
    get removals() {
      return removals;
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
};
