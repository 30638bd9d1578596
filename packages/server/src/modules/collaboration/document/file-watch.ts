/** Updates or closes open documents when their file is moved or removed, and when a sign-in ends. */
import { CLOSE } from "@atelier/contracts";
import type { Bus } from "#platform/bus";
import type { DocumentRegistry } from "./registry.ts";

export type FileWatchParts = {
  readonly bus: Pick<Bus, "subscribe">;
  readonly registry: Pick<DocumentRegistry, "document" | "documents" | "evict">;
};

/** `removals` counts removals: an opening compares it before and after, to detect a removal meanwhile. */
export type FileWatch = { readonly removals: number; stop(): void };

export const watchFiles = ({ bus, registry }: FileWatchParts): FileWatch => {
  let removals = 0;
  const stops = [
    // Also when its connections are closed already: the same device may send the edits again after signing in as another user.
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
