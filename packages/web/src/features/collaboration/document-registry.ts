/** The page's live documents: shared by its panes, with channels for the shown ones and the few that were left last. */
import { type LiveDocument, type LiveDocumentOptions, documentName, openLiveDocument } from "./live-document.ts";

export interface DocumentLease {
  readonly document: LiveDocument;
  /** The file is no longer shown; its channel stays open for a while. */
  release(): void;
}

export interface DocumentRegistry {
  acquire(projectId: string, fileId: string, path: string): DocumentLease;
  /** All documents with a channel, to find the users in them. */
  documents(): LiveDocument[];
  dispose(): void;
}

/** Limit of documents that are not shown; the oldest are closed first, unsaved ones only when they are saved. */
const KEPT_OPEN = 8;

export function createDocumentRegistry(
  shared: Omit<LiveDocumentOptions, "projectId" | "fileId" | "path">,
  open: (options: LiveDocumentOptions) => LiveDocument = openLiveDocument,
): DocumentRegistry {
  /** In the order of their last use. */
  const entries = new Map<string, { document: LiveDocument; leases: number }>();

  const trim = () => {
    let left = [...entries.values()].filter(({ leases }) => leases === 0).length;
    for (const [name, { document, leases }] of entries) {
      if (left <= KEPT_OPEN) return;
      if (leases > 0 || document.unconfirmed > 0) continue;
      entries.delete(name);
      left -= 1;
      void document.close();
    }
  };

  return {
    acquire: (projectId, fileId, path) => {
      const name = documentName(projectId, fileId);
      const before = entries.get(name);
      if (before?.document.ended && before.leases === 0) {
        entries.delete(name);
        void before.document.close();
      }
      const entry = entries.get(name) ?? { document: open({ ...shared, projectId, fileId, path }), leases: 0 };
      entry.leases += 1;
      entries.delete(name);
      entries.set(name, entry);
      let released = false;
      return {
        document: entry.document,
        release: () => {
          if (released) return;
          released = true;
          entry.leases -= 1;
          if (entries.get(name) === entry) {
            entries.delete(name);
            entries.set(name, entry);
          }
          trim();
        },
      };
    },
    documents: () => [...entries.values()].map(({ document }) => document),
    dispose: () => {
      for (const { document } of entries.values()) void document.close();
      entries.clear();
    },
  };
}
